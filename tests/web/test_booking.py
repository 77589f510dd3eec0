"""Booking: one tap with credits, and by card."""

import re

from booking.models import Booking
from members.models import Member
from tests.cast import give_credits, session
from tests.web.visitor import GOOD, Visit


def test_one_tap_with_credits_books_from_the_schedule(visit: Visit, ana: Member) -> None:
    give_credits(ana, 3)
    yoga = session(capacity=2)
    page = visit(ana)
    page.sees("2 seats left")
    page.shows("schedule-member")
    page.presses(re.compile("^Book for 1 credit: Yoga"))
    page.sees(re.compile("You are in: Yoga"))
    page.sees("1 seat left")
    page.sees("2 credits")
    booking = Booking.objects.get(session=yoga, member=ana)
    assert (booking.status, booking.paid_with) == ("paid", "credits")
    page.shows("schedule-booked")


def test_a_card_pays_and_the_webhook_confirms(visit: Visit, ana: Member) -> None:
    yoga = session()
    page = visit(ana, f"/session/{yoga.pk}")
    page.shows("session-open")
    page.presses(re.compile("^Book for £15"))
    page.sees(re.compile("Your seat is held for (29:|30:00)"))
    page.pays_with(GOOD)
    page.sees("You are in!")
    page.shows("pay-paid")
    booking = Booking.objects.get(session=yoga, member=ana)
    assert (booking.status, booking.paid_with) == ("paid", "card")
    page.follows("See your booking")
    page.sees("Card, £15.00")
    page.shows("booking-paid")
