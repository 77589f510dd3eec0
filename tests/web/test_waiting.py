"""Waiting for a full class, and being offered the freed seat."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Caller, Sandbox, give_credits, session
from tests.web.visitor import GOOD, Visit


@pytest.fixture
def full(sandbox: Sandbox, as_ben: Caller, ben: Member) -> ClassSession:
    """A class whose only seat is Ben's."""
    give_credits(ben, 1)
    one = session(capacity=1)
    assert as_ben.book(one, "credits").status_code == 201
    return one


def ben_leaves(as_ben: Caller) -> None:
    reference = Booking.objects.get(status="paid").reference
    assert as_ben.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200


def test_a_place_in_line_is_taken_and_left(visit: Visit, ana: Member, full: ClassSession) -> None:
    page = visit(ana)
    page.sees("Full")
    page.follows(re.compile("^Details: Yoga"))
    page.presses("Join the waitlist")
    page.sees("You are number 1 in line.")
    page.shows("session-waiting")
    page.goes("/bookings")
    page.sees("Waiting, 1 in line")
    page.follows("Details")
    page.presses("Leave the waitlist")
    page.sees("You are off the waitlist.")
    page.sees("Join the waitlist")


def test_an_offer_shows_its_deadline_and_credits_take_it(
    visit: Visit, as_ana: Caller, as_ben: Caller, ana: Member, full: ClassSession
) -> None:
    give_credits(ana, 1)
    page = visit(ana, f"/session/{full.pk}")
    page.presses("Join the waitlist")
    page.sees("You are number 1 in line.")
    ben_leaves(as_ben)
    page.looks_again()
    page.sees(re.compile(r"A seat is kept for you for (1 h 59 min|2 h 0 min)\."))
    page.shows("session-offered")
    page.goes("/bookings")
    page.sees("A seat is yours")
    page.shows("bookings-offered")
    page.follows("Details")
    page.presses(re.compile("^Take it for 1 credit"))
    page.sees("You are in")
    assert Booking.objects.get(member=ana).status == "paid"


def test_an_offer_is_taken_by_card(visit: Visit, as_ben: Caller, ana: Member, full: ClassSession) -> None:
    page = visit(ana, f"/session/{full.pk}")
    page.presses("Join the waitlist")
    page.sees("You are number 1 in line.")
    ben_leaves(as_ben)
    page.looks_again()
    page.presses(re.compile("^Take it: £15"))
    page.pays_with(GOOD)
    page.sees("You are in!")


def test_an_offer_that_is_let_go_reaches_the_next_in_line(
    visit: Visit, as_ana: Caller, as_ben: Caller, ana: Member, carla: Member, full: ClassSession
) -> None:
    for member in (ana, carla):
        assert Caller(member).post(f"/api/booking/sessions/{full.pk}/waitlist/").status_code == 201
    ben_leaves(as_ben)
    page = visit(ana, f"/session/{full.pk}")
    page.presses("Let it go")
    page.sees("You are off the waitlist.")
    assert Booking.objects.get(status="pending").member == carla


def test_an_offer_that_lapses_is_gone_from_the_page(
    visit: Visit, as_ana: Caller, as_ben: Caller, ana: Member, full: ClassSession
) -> None:
    as_ana.post(f"/api/booking/sessions/{full.pk}/waitlist/")
    ben_leaves(as_ben)
    page = visit(ana, f"/session/{full.pk}")
    page.sees("A seat is kept for you for")
    Booking.objects.filter(member=ana).update(expires_at=timezone.now() - timedelta(seconds=1))
    call_command("expire_pending_bookings")
    page.looks_again()
    expect(page.page.get_by_text("A seat is kept for you")).to_have_count(0)
    page.sees("1 seat left")


def test_shortly_before_the_start_nobody_can_wait_any_more(visit: Visit, ana: Member, full: ClassSession) -> None:
    ClassSession.objects.update(starts_at=timezone.now() + timedelta(minutes=20))
    page = visit(ana, f"/session/{full.pk}")
    page.refusals = {409}
    page.presses("Join the waitlist")
    page.sees("The waitlist is closed: a freed seat goes to whoever books it first.")


def test_the_next_look_shows_the_offer_and_each_second_counts_it_down(
    visit: Visit, as_ana: Caller, as_ben: Caller, ana: Member, full: ClassSession
) -> None:
    as_ana.post(f"/api/booking/sessions/{full.pk}/waitlist/")
    page = visit(ana)
    page.page.clock.install()
    page.goes(f"/session/{full.pk}")
    page.sees("You are number 1 in line.")
    ben_leaves(as_ben)
    page.page.clock.fast_forward("00:15")
    page.sees(re.compile(r"A seat is kept for you for 1 h 59 min\."))
    page.page.clock.fast_forward("01:30:00")
    page.sees(re.compile(r"A seat is kept for you for 29:\d\d\."))
    page.page.clock.fast_forward("30:00")
    page.sees("This offer has run out.")
    expect(page.page.get_by_role("button", name=re.compile("^Take it"))).to_have_count(0)
    page.shows("session-offer-over")


def test_an_offer_has_a_page_that_leads_on_to_taking_it(
    visit: Visit, as_ana: Caller, as_ben: Caller, ana: Member, full: ClassSession
) -> None:
    as_ana.post(f"/api/booking/sessions/{full.pk}/waitlist/")
    ben_leaves(as_ben)
    reference = Booking.objects.get(member=ana).reference
    page = visit(ana, f"/bookings/{reference}")
    page.sees("Held for you (from the waitlist)")
    page.shows("booking-offered")
    page.follows("Details")
    page.presses(re.compile("^Take it: £15"))
    page.pays_with(GOOD)
    page.sees("You are in!")
