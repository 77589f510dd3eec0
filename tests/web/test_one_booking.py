"""The page of one booking: how it stands and was paid, and what happened to it, in words."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Caller, Sandbox, give_credits, session
from tests.web.visitor import Visit, Visitor


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


def cannot_be_cancelled(page: Visitor, mark: str) -> None:
    expect(page.page.locator(".mark")).to_have_text(mark)
    expect(page.page.get_by_role("button", name="Cancel this booking")).to_have_count(0)


@pytest.mark.parametrize(("amount", "words"), [(1500, "2 credits"), (0, "Free")])
def test_it_says_how_it_was_paid(visit: Visit, as_ana: Caller, ana: Member, amount: int, words: str) -> None:
    give_credits(ana, 2)
    reference = as_ana.book(session(amount=amount, credits_required=2 if amount else 0)).json()["reference"]
    page = visit(ana, f"/bookings/{reference}")
    expect(page.page.locator("dt:text-is('Paid with') + dd")).to_have_text(words)


def test_an_unpaid_one_leads_straight_to_paying(visit: Visit, as_ana: Caller, ana: Member) -> None:
    as_ana.book(session(), "card")
    page = visit(ana, "/bookings")
    page.sees(re.compile(r"Yours until \d\d:\d\d\."))
    page.follows("Yoga")
    page.sees("Held until")
    page.shows("booking-held")
    page.follows("Finish paying")
    expect(page.card().get_by_label("Card number")).to_be_visible()


def test_who_was_there_cannot_give_it_back(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    assert Booking.objects.get().check_in(now=timezone.now())
    page = visit(ana, f"/bookings/{reference}")
    cannot_be_cancelled(page, "You were there")
    page.shows("booking-checked-in")
    page.follows("My bookings")
    page.sees("You were there")


def test_of_a_class_that_has_begun_nothing_is_left_to_do(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=1))
    page = visit(ana, f"/bookings/{reference}")
    cannot_be_cancelled(page, "Over")
    expect(page.page.get_by_role("link", name="Add to calendar")).to_have_count(0)
    page.shows("booking-begun")


def test_a_class_that_was_called_off_says_so_everywhere(
    visit: Visit, as_ana: Caller, as_carla: Caller, ana: Member
) -> None:
    give_credits(ana, 1)
    one = session()
    reference = as_ana.book(one).json()["reference"]
    assert as_carla.post(f"/api/booking/sessions/{one.pk}/cancel/").status_code == 200
    page = visit(ana, f"/bookings/{reference}")
    cannot_be_cancelled(page, "Called off")
    page.sees(re.compile(r"Cancelled \(the class was called off\)"))
    page.shows("booking-called-off")
    page.goes("/bookings")
    expect(page.page.get_by_role("region", name="Past and given back").locator(".mark")).to_have_text("Called off")
    expect(page.page.get_by_role("navigation")).to_contain_text("1 credit")
    page.goes(f"/session/{one.pk}")
    page.sees("The studio has called this class off.")


def test_what_the_studio_gave_back_names_the_studio(
    visit: Visit, as_ana: Caller, as_carla: Caller, ana: Member
) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    assert as_carla.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200
    page = visit(ana, f"/bookings/{reference}")
    page.sees(re.compile(r"Cancelled \(the studio gave it back\)"))


def test_a_strangers_booking_is_not_there(visit: Visit, as_ben: Caller, ana: Member) -> None:
    reference = as_ben.book(session(amount=0)).json()["reference"]
    page = visit(ana)
    page.refusals = {404}
    page.goes(f"/bookings/{reference}")
    page.sees("Nothing here")
