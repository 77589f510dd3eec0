"""What a member has booked, and giving it back with the quote shown first."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, session
from tests.web.visitor import Visit


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


def test_coming_and_past_stand_apart_in_the_order_of_their_start(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 40)
    now = timezone.now()
    for title, days in (("Third", 9), ("First", 2), ("Second", 5), ("Returned", 3)):
        as_ana.book(session(title=title, starts_at=now + timedelta(days=days)), "credits")
    as_ana.post(f"/api/booking/bookings/{Booking.objects.get(session__title='Returned').reference}/cancel/")
    for number in range(22):
        as_ana.book(session(title=f"Past {number}"), "credits")
    ClassSession.objects.filter(title__startswith="Past").update(starts_at=now - timedelta(days=1))
    page = visit(ana, "/bookings")
    page.sees("First")
    coming = page.page.get_by_role("region", name="Coming")
    assert coming.get_by_role("heading", level=3).all_inner_texts() == ["First", "Second", "Third"]
    past = page.page.get_by_role("region", name="Past and given back")
    expect(past.get_by_role("heading", level=3)).to_have_count(21)
    page.shows("bookings")
    page.presses("Show more")
    expect(past.get_by_role("heading", level=3)).to_have_count(23)


def test_whoever_has_none_is_led_to_the_schedule(visit: Visit, ana: Member) -> None:
    page = visit(ana, "/bookings")
    page.sees("Nothing yet. Find a class in the schedule.")
    page.shows("bookings-none")


def test_a_hold_leads_on_to_paying(visit: Visit, as_ana: Caller, ana: Member) -> None:
    reference = as_ana.book(session(), "card").json()["reference"]
    page = visit(ana, "/bookings")
    page.sees("Held for you")
    page.follows("Finish paying")
    expect(page.card().get_by_label("Card number")).to_be_visible()
    assert page.page.url.endswith(f"#/pay/{reference}")


def test_a_booking_tells_its_history_and_goes_into_a_calendar(
    visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    page = visit(ana, f"/bookings/{reference}")
    page.sees("What happened")
    assert "Held for you" in page.page.locator(".history").inner_text()
    with page.page.expect_download() as saved:
        page.follows("Add to calendar")
    assert saved.value.suggested_filename == f"{reference}.ics"
    assert "BEGIN:VEVENT" in saved.value.path().read_text()


def test_staff_see_their_own_bookings_here(visit: Visit, as_ana: Caller, carla: Member) -> None:
    as_ana.book(session(amount=0, title="Ana's class"))
    page = visit(carla, "/bookings")
    page.sees("Nothing yet.")
    page.sees("Staff")
    expect(page.page.get_by_text("Ana's class")).to_have_count(0)


def test_the_link_of_a_message_leads_to_its_booking(visit: Visit, as_ana: Caller, ana: Member) -> None:
    reference = as_ana.book(session(amount=0)).json()["reference"]
    page = visit(ana)
    page.page.goto(f"{page.base}/?booking={reference}")
    page.sees(f"Booking {reference}")
    assert page.page.url == f"{page.base}/#/bookings/{reference}"
    stranger = visit()
    stranger.page.goto(f"{stranger.base}/?booking={reference}")
    stranger.page.wait_for_url(f"**/#/sign-in?then=%23%2Fbookings%2F{reference}")
