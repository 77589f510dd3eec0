"""Giving a paid booking back: what returns is known beforehand, and returns once."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from freezegun import freeze_time

from booking import cancellation
from booking.exceptions import NotCancellable
from booking.models import Booking, ClassSession
from members.models import Member
from notifications.models import Message
from payments import credits, refunds
from payments.models import CreditEntry, CreditLot, Refund
from tests.cast import Caller, Sandbox, code, give_credits, intent_of, paid_by_card, seats_match, session, tell

WHOLE, HALF_LESS_FEE = (48, 100, 0), (24, 50, 200)


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


def quote(caller: Caller, reference: str) -> Any:
    return caller.get(f"/api/booking/bookings/{reference}/cancellation/")


def cancel(caller: Caller, reference: str, token: str | None = None) -> Any:
    return caller.post(f"/api/booking/bookings/{reference}/cancel/", {"quote": token} if token else {})


def starts_in(reference: str, **time: float) -> None:
    """Move the booking's session there."""
    starts_at = timezone.now() + timedelta(**time)
    rows = ClassSession.objects.filter(bookings__reference=reference)
    rows.update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))


def submit() -> None:
    call_command("submit_refunds", stdout=StringIO())


def told(kind: str) -> dict[str, str]:
    variables: dict[str, str] = Message.objects.get(kind=kind).variables
    return variables


# --- By card ----------------------------------------------------------------------------------------------------------


def test_in_time_the_whole_price_goes_back_to_the_card(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)
    answer = quote(as_ana, reference)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    said = answer.json()
    assert (said["returns"], said["amount"], said["currency"], said["credits"]) == ("card", 1500, "gbp", 0)
    assert datetime.fromisoformat(said["until"]) == one.starts_at - timedelta(hours=24)
    ended = cancel(as_ana, reference, said["quote"])
    assert ended.status_code == 200
    assert (ended.json()["status"], ended.json()["ended_reason"]) == ("cancelled", "member")
    assert as_ana.history(reference)[-1] == ("paid", "cancelled", "member")
    assert told("booking_cancelled")["returns"] == "15.00 GBP goes back to your card."
    assert seats_match()
    assert refunds.lane.wait(20)
    [refund] = Refund.objects.all()
    assert (refund.amount, refund.reason, refund.status) == (1500, "cancelled", "succeeded")
    [there] = sandbox.every("refunds")
    assert there["amount"] == 1500
    assert told("refund_done")["amount"] == "15.00 GBP"
    assert code(cancel(as_ana, reference)) == "not_cancellable"
    assert code(cancel(as_ana, reference, said["quote"])) == "not_cancellable"
    assert code(quote(as_ana, reference)) == "not_cancellable"
    assert Refund.objects.count() == 1


def test_what_its_payer_contests_is_owed_and_waits_for_the_verdict(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    [intent] = sandbox.intents()
    sandbox.control("POST", f"payment_intents/{intent['id']}/dispute")
    for event in sandbox.events("charge.dispute.created"):
        tell(event)
    assert cancel(as_ana, reference).json()["status"] == "cancelled"
    assert refunds.lane.wait(20)
    assert (Refund.objects.get().status, sandbox.every("refunds")) == ("due", [])


def test_late_nothing_goes_back(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    starts_in(reference, hours=23)
    said = quote(as_ana, reference).json()
    assert (said["returns"], said["amount"]) == ("nothing", 0)
    assert cancel(as_ana, reference).json()["status"] == "cancelled"
    assert told("booking_cancelled")["returns"] == "Nothing is returned."
    assert not Refund.objects.exists()
    assert seats_match()


def test_tiers_return_a_part_less_a_fee(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.CANCELLATION_TIERS = (WHOLE, HALF_LESS_FEE)
    reference = paid_by_card(as_ana, session(amount=1555), sandbox)
    assert quote(as_ana, reference).json()["amount"] == 577  # 777.5 rounded down, less 200
    cancel(as_ana, reference)
    assert Refund.objects.get().amount == 577
    assert Booking.objects.get().returned_amount == 577


def test_a_fee_above_the_part_returns_nothing(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.CANCELLATION_TIERS = ((24, 10, 200),)
    reference = paid_by_card(as_ana, session(), sandbox)
    assert quote(as_ana, reference).json()["returns"] == "nothing"
    assert cancel(as_ana, reference).json()["status"] == "cancelled"
    assert not Refund.objects.exists()


def test_a_quote_is_kept_when_a_tier_passes(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    starts_in(reference, hours=24, minutes=1)
    said = quote(as_ana, reference).json()
    with freeze_time(timezone.now() + timedelta(minutes=9)):
        assert quote(as_ana, reference).json()["amount"] == 0
        assert cancel(as_ana, reference, said["quote"]).status_code == 200
    assert Refund.objects.get().amount == 1500


def test_a_quote_is_good_for_its_minutes(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    said = quote(as_ana, reference).json()
    assert datetime.fromisoformat(said["quote_expires_at"]) - timezone.now() <= timedelta(minutes=10)
    with freeze_time(timezone.now() + timedelta(minutes=11)):
        refused = cancel(as_ana, reference, said["quote"])
    assert (refused.status_code, code(refused)) == (400, "invalid")
    assert as_ana.booking(reference)["status"] == "paid"


def test_a_quote_promises_nothing_beyond_the_start(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.CANCELLATION_TIERS = ((0, 50, 0),)
    reference = paid_by_card(as_ana, session(), sandbox)
    starts_in(reference, minutes=4)
    said = quote(as_ana, reference).json()
    session_of = as_ana.get(f"/api/booking/sessions/{as_ana.booking(reference)['session']}/").json()
    assert (said["amount"], said["quote_expires_at"], said["until"]) == (750, *2 * [session_of["starts_at"]])
    with freeze_time(timezone.now() + timedelta(minutes=5)):
        assert code(cancel(as_ana, reference, said["quote"])) == "not_cancellable"
    with freeze_time(timezone.now() + timedelta(minutes=3)):
        assert cancel(as_ana, reference, said["quote"]).status_code == 200
    assert Refund.objects.get().amount == 750


def test_a_quote_is_of_one_booking_and_of_our_hand(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    mine, his = paid_by_card(as_ana, session(), sandbox), paid_by_card(as_ben, session(), sandbox)
    token = quote(as_ben, his).json()["quote"]
    for forged in (token, token[:-2] + "xx", "x", "1:2:3"):
        assert code(cancel(as_ana, mine, forged)) == "invalid"
    assert code(as_ana.post(f"/api/booking/bookings/{mine}/cancel/", {"quote": 7 * [0]})) == "invalid"
    assert as_ana.booking(mine)["status"] == "paid"


def test_a_quote_for_a_hold_is_not_one_for_what_was_paid(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session(), "card")
    reference = held.json()["reference"]
    said = quote(as_ana, reference).json()
    assert (said["returns"], said["until"]) == ("nothing", held.json()["expires_at"])
    sandbox.pays(intent_of(held))
    [event] = sandbox.events("payment_intent.succeeded")
    tell(event)
    assert code(cancel(as_ana, reference, said["quote"])) == "invalid"
    assert as_ana.booking(reference)["status"] == "paid"


def test_what_the_dashboard_returned_is_not_returned_again(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    intent = Booking.objects.get().payment.stripe_intent_id
    said = quote(as_ana, reference).json()
    sandbox.http.post(
        f"{sandbox.base}/v1/refunds",
        data={"payment_intent": intent, "amount": 1000},
        auth=(settings.STRIPE_SECRET_KEY, ""),
        timeout=10,
    )
    for event in sandbox.events("refund.created"):
        tell(event)
    assert quote(as_ana, reference).json()["amount"] == 500
    cancel(as_ana, reference, said["quote"])
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [500, 1000]
    assert told("booking_cancelled")["returns"] == "5.00 GBP goes back to your card."


def test_when_stripe_is_silent_the_refund_stays_owed(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = paid_by_card(as_ana, session(), sandbox)
    sandbox.fault("status_before", "/v1/refunds", status=500, times=50)
    assert cancel(as_ana, reference).status_code == 200
    assert refunds.lane.wait(20)
    assert Refund.objects.get().status == "due"
    sandbox.clear_faults()
    submit()
    assert Refund.objects.get().status == "succeeded"
    assert len(sandbox.every("refunds")) == 1


def test_a_debt_that_the_dashboard_was_quicker_to_pay_is_settled(
    as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    """With more than was owed: the rest of the price is not returned on top of it."""
    settings.CANCELLATION_TIERS = ((24, 50, 0),)
    reference = paid_by_card(as_ana, session(), sandbox)
    intent = Booking.objects.get().payment.stripe_intent_id
    sandbox.fault("status_before", "/v1/refunds", status=500, times=50)
    cancel(as_ana, reference)
    assert refunds.lane.wait(20)
    Refund.objects.update(asked_at=None)
    sandbox.clear_faults()
    auth = (settings.STRIPE_SECRET_KEY, "")
    asked = {"payment_intent": intent, "amount": 1000}
    sandbox.http.post(f"{sandbox.base}/v1/refunds", data=asked, auth=auth, timeout=10)
    for event in sandbox.events("refund.created"):
        tell(event)
    submit()
    assert [refund["amount"] for refund in sandbox.every("refunds")] == [1000]
    call_command("check_integrity", stdout=StringIO())


def test_a_check_in_at_the_same_moment_wins(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    as_ana.book(session())
    seen = Booking.objects.select_related("session", "member", "credit_spend").get()
    Booking.objects.update(checked_in_at=timezone.now())
    with pytest.raises(NotCancellable):
        cancellation.cancel(seen, by="member", reason="member", now=timezone.now())
    assert Booking.objects.get().status == "paid"
    assert CreditLot.objects.get().remaining == 0


# --- Who and when -----------------------------------------------------------------------------------------------------


def test_staff_cancel_and_the_history_says_so(as_ana: Caller, as_carla: Caller, carla: Member) -> None:
    one = session(amount=0)
    reference = as_ana.book(one).json()["reference"]
    assert quote(as_carla, reference).json()["returns"] == "nothing"
    assert cancel(as_carla, reference).json()["ended_reason"] == "staff"
    last = as_ana.get(f"/api/booking/bookings/{reference}/history/").json()["results"][-1]
    assert last["by"] == f"staff:{carla.pk}"


def test_another_members_booking_is_not_there(as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    assert quote(as_ben, reference).status_code == cancel(as_ben, reference).status_code == 404
    assert quote(Caller(), reference).status_code == 401


@pytest.mark.parametrize("how", ["begun", "checked in"])
def test_what_took_place_is_not_cancelled(how: str, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(session()).json()["reference"]
    token = quote(as_ana, reference).json()["quote"]
    if how == "begun":
        starts_in(reference, minutes=-1)
    else:
        Booking.objects.update(checked_in_at=timezone.now())
    assert code(quote(as_ana, reference)) == "not_cancellable"
    assert code(cancel(as_ana, reference)) == "not_cancellable"
    assert code(cancel(as_ana, reference, token)) == "not_cancellable"


def test_the_freed_seat_goes_to_who_waits(as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    one = session(capacity=1)
    reference = as_ana.book(one).json()["reference"]
    assert as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    cancel(as_ana, reference)
    assert as_ben.get("/api/booking/waitlist/").json()["results"][0]["status"] == "offered"
    assert seats_match()


# --- By credits -------------------------------------------------------------------------------------------------------


def lots(caller: Caller) -> list[tuple[int, str]]:
    return [(lot["remaining"], lot["source"]) for lot in caller.get("/api/payments/credits/").json()["lots"]]


def test_credits_go_back_to_the_lots_they_came_from(as_ana: Caller, ana: Member) -> None:
    now = timezone.now()
    give_credits(ana, 2, expires_at=now + timedelta(days=10))
    give_credits(ana, 5)
    reference = as_ana.book(session(credits_required=3)).json()["reference"]
    assert lots(as_ana) == [(4, "grant")]
    said = quote(as_ana, reference).json()
    assert (said["returns"], said["credits"], said["amount"]) == ("credits", 3, 0)
    cancel(as_ana, reference, said["quote"])
    assert lots(as_ana) == [(2, "grant"), (5, "grant")]
    assert told("booking_cancelled")["returns"] == "3 credits are yours again."
    entries = as_ana.get("/api/payments/credits/").json()["entries"]
    assert [(entry["kind"], entry["credits"], entry["subject"]) for entry in entries[:2]] == [
        ("returned", 2, f"booking:{reference}"),
        ("returned", 1, f"booking:{reference}"),
    ]


def test_a_part_goes_back_to_the_lot_that_lives_longest(as_ana: Caller, ana: Member, settings: Any) -> None:
    settings.CANCELLATION_TIERS = ((24, 50, 500),)
    give_credits(ana, 2, expires_at=timezone.now() + timedelta(days=10))
    give_credits(ana, 3)
    reference = as_ana.book(session(credits_required=5)).json()["reference"]
    assert quote(as_ana, reference).json()["credits"] == 2
    cancel(as_ana, reference)
    assert lots(as_ana) == [(2, "grant")]
    assert CreditLot.objects.get(expires_at=None).remaining == 2
    assert Booking.objects.get().returned_credits == 2


def test_a_part_that_comes_from_expired_lots_is_granted_anew(as_ana: Caller, ana: Member, settings: Any) -> None:
    settings.CANCELLATION_TIERS = ((24, 50, 0),)
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    with freeze_time(now):
        for days in (3, 4, 5):
            give_credits(ana, 1, expires_at=now + timedelta(days=days))
        one = session(starts_at=now + timedelta(days=2), credits_required=3)
        reference = as_ana.book(one).json()["reference"]
    ClassSession.objects.update(starts_at=now + timedelta(days=20), ends_at=now + timedelta(days=20, hours=1))
    # The lot that lives longest ends at this very moment.
    with freeze_time(now + timedelta(days=5)):
        ana_now = Caller(ana)
        assert quote(ana_now, reference).json()["credits"] == 1
        assert cancel(ana_now, reference).status_code == 200
        assert lots(ana_now) == [(1, "grace")]
    grace = CreditLot.objects.get(source="grace")
    assert grace.note == f"in place of expired credits, returned from booking:{reference}"


def test_an_expired_lot_gets_one_of_grace(as_ana: Caller, ana: Member) -> None:
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    with freeze_time(now):
        give_credits(ana, 1, expires_at=now + timedelta(days=3))
        give_credits(ana, 1, expires_at=now + timedelta(days=5))
        give_credits(ana, 4)
        one = session(starts_at=now + timedelta(days=2), credits_required=3)
        reference = as_ana.book(one).json()["reference"]
    # The class moves to a time when two of the three lots have expired.
    ClassSession.objects.update(starts_at=now + timedelta(days=20), ends_at=now + timedelta(days=20, hours=1))
    with freeze_time(now + timedelta(days=10)):
        ana_now = Caller(ana)
        assert cancel(ana_now, reference).status_code == 200
        assert lots(ana_now) == [(2, "grace"), (4, "grant")]
        grace = CreditLot.objects.get(source="grace")
        assert (grace.granted, grace.expires_at) == (2, now + timedelta(days=24))
        [two, four] = ana_now.get("/api/payments/credits/").json()["lots"]
        assert (two["granted"], four["granted"]) == (2, 4)
        call_command("check_integrity", stdout=StringIO())
    kinds = CreditEntry.objects.order_by("id").values_list("kind", "credits")
    assert list(kinds)[-6:] == [
        ("returned", 1),
        ("returned", 1),
        ("expired", -1),
        ("returned", 1),
        ("expired", -1),
        ("granted", 2),
    ]


def test_the_database_refuses_a_second_give_back(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2)
    as_ana.book(session())
    spend = Booking.objects.get().credit_spend
    assert spend is not None
    with transaction.atomic():
        credits.give_back(spend, credits=1, now=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        credits.give_back(spend, credits=1, now=timezone.now())
    assert CreditLot.objects.get().remaining == 2
