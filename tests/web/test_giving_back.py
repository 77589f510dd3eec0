"""Giving a booking back on the terms that were shown, whatever happens in between."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import expect

from booking import desk
from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import Refund
from tests.cast import Caller, Sandbox, give_credits, intent_of, paid_by_card, session, tell
from tests.races.server import Server
from tests.web.visitor import Visit, Visitor


def asks(page: Visitor, told: str | re.Pattern[str]) -> None:
    """Ask to cancel, and read what comes back."""
    page.presses("Cancel this booking")
    page.sees(told)


def agrees(page: Visitor, becomes: str = "Cancelled") -> None:
    """Cancel on these terms, and see how the booking stands then."""
    page.presses("Yes, cancel it")
    expect(state(page)).to_have_text(becomes)


def state(page: Visitor) -> Any:
    """The mark that says how the booking stands."""
    return page.page.locator(".mark")


def test_what_returns_is_shown_before_a_card_booking_is_given_back(
    visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    page = visit(ana, f"/bookings/{reference}")
    asks(page, "You get £15.00 back on your card.")
    page.shows("booking-quote")
    page.presses("Keep it")
    page.presses("Cancel this booking")
    agrees(page)
    page.shows("booking-cancelled")
    assert (Booking.objects.get().status, Refund.objects.get().amount) == ("cancelled", 1500)


def test_late_nothing_comes_back_and_it_says_so(visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(starts_at=timezone.now() + timedelta(hours=3)), sandbox)
    page = visit(ana, f"/bookings/{reference}")
    asks(page, "Nothing comes back: it is too late for that.")
    agrees(page)
    assert (Booking.objects.get().status, Refund.objects.count()) == ("cancelled", 0)


def test_the_quote_is_kept_though_its_tier_has_passed(
    visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)
    page = visit(ana, f"/bookings/{reference}")
    asks(page, "You get £15.00 back on your card.")
    ClassSession.objects.filter(pk=one.pk).update(starts_at=timezone.now() + timedelta(hours=2))
    agrees(page)
    assert Refund.objects.get().amount == 1500


def test_what_was_paid_at_the_desk_comes_back_there(visit: Visit, ana: Member, carla: Member) -> None:
    sale = {"actor": carla, "member_id": ana.pk, "session_id": session().pk, "pay_with": "desk", "key": "desk:1"}
    reference = desk.book(**sale, now=timezone.now()).booking.reference
    page = visit(ana, f"/bookings/{reference}")
    page.sees("Cash at the studio, £15.00")
    asks(page, "You get £15.00 back at the studio, where you paid.")
    agrees(page)
    assert (Booking.objects.get().status, Booking.objects.get().returned_amount) == ("cancelled", 1500)


def test_credits_come_back_and_are_counted_at_once(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    page = visit(ana, f"/bookings/{reference}")
    page.sees("1 credit")
    asks(page, "You get 1 credit back.")
    page.presses("Yes, cancel it")
    expect(page.page.locator("nav")).to_contain_text("1 credit")


def test_what_is_kept_of_the_price_is_seen_beforehand(
    visit: Visit, strict: Server, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    page = visit(ana, f"/bookings/{reference}", at=strict)
    asks(page, "You get £5.50 of £15.00 back on your card.")
    page.shows("booking-quote-part")
    agrees(page)
    page.sees("Cancelled. You get £5.50 of £15.00 back on your card.")
    page.sees("(you gave it back)")
    page.shows("booking-given-back")
    assert (Booking.objects.get().status, Refund.objects.get().amount) == ("cancelled", 550)


def test_half_of_the_credits_come_back_and_stand_in_the_navigation(
    visit: Visit, strict: Server, as_ana: Caller, ana: Member
) -> None:
    give_credits(ana, 4)
    reference = as_ana.book(session(credits_required=4), "credits").json()["reference"]
    page = visit(ana, f"/bookings/{reference}", at=strict)
    asks(page, "You get 2 credits back.")
    page.shows("booking-quote-credits")
    page.presses("Yes, cancel it")
    expect(page.page.get_by_role("navigation")).to_contain_text("2 credits")
    assert as_ana.get("/api/payments/credits/").json()["balance"] == 2


def test_of_a_hold_and_of_what_was_free_nothing_comes_back_because_nothing_was_paid(
    visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    page = visit(ana)
    for one, words, becomes in (
        (session(), "Nothing was paid, so nothing comes back.", "Given back"),
        (session(amount=0), "It cost nothing, so nothing comes back.", "Cancelled"),
    ):
        reference = as_ana.book(one).json()["reference"]
        page.goes(f"/bookings/{reference}")
        asks(page, words)
        agrees(page, becomes)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "freed"]


def test_whoever_keeps_it_has_it_still(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    page = visit(ana, f"/bookings/{reference}")
    page.presses("Cancel this booking")
    page.presses("Keep it")
    expect(page.page.get_by_role("button", name="Cancel this booking")).to_be_visible()
    expect(page.page.get_by_text("You get 1 credit back.")).to_have_count(0)
    assert Booking.objects.get().status == "paid"


def test_a_hold_that_was_paid_meanwhile_is_shown_anew_and_returns_its_money(
    visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    held = as_ana.book(session(), "card")
    page = visit(ana, f"/bookings/{held.json()['reference']}")
    asks(page, "Nothing was paid, so nothing comes back.")
    sandbox.pays(intent_of(held))
    for event in sandbox.events("payment_intent.succeeded"):
        tell(event)
    page.refusals = {400}
    page.presses("Yes, cancel it")
    page.sees("This has changed in the meantime: look again.")
    expect(state(page)).to_have_text("Booked")
    asks(page, "You get £15.00 back on your card.")
    agrees(page)
    assert Refund.objects.get().amount == 1500


def test_a_quote_is_kept_by_the_second_and_drawn_anew_when_it_has_run_out(
    visit: Visit, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)
    page = visit(ana, f"/bookings/{reference}")
    page.page.clock.install()
    page.page.reload()
    asks(page, re.compile(r"We keep to this for (10:00|9:5\d)\."))
    page.page.clock.fast_forward("05:00")
    page.sees(re.compile(r"We keep to this for 4:5\d\."))
    one.starts_at, one.ends_at = timezone.now() + timedelta(hours=2), timezone.now() + timedelta(hours=3)
    one.save()
    page.sees("You get £15.00 back on your card.")
    page.page.clock.fast_forward("05:00")
    page.sees("Nothing comes back: it is too late for that.")


def test_what_ended_elsewhere_is_told_and_shown_as_it_is(visit: Visit, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    page = visit(ana, f"/bookings/{reference}")
    asks(page, "You get 1 credit back.")
    as_ana.post(f"/api/booking/bookings/{reference}/cancel/")
    page.refusals = {409}
    page.presses("Yes, cancel it")
    page.sees("This booking cannot be cancelled any more.")
    expect(state(page)).to_have_text("Cancelled")
    page.shows("booking-ended-elsewhere")
