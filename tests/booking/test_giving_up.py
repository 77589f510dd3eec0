"""Cancelling a hold, and asking Stripe how it stands."""

from typing import Any

import pytest

from booking.models import Booking
from payments import intents
from tests.cast import Caller, Sandbox, code, intent_of, seats_match, session, tell


def cancel(caller: Caller, reference: str) -> object:
    return caller.post(f"/api/booking/bookings/{reference}/cancel/")


def sync(caller: Caller, reference: str) -> object:
    return caller.post(f"/api/booking/bookings/{reference}/sync/")


def test_a_hold_given_up_is_voided_and_freed(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=1)
    held = as_ana.book(one)
    reference = held.json()["reference"]
    answer = cancel(as_ana, reference)
    assert (answer.status_code, answer.json()["status"], answer.json()["ended_reason"]) == (200, "freed", "member")
    assert sandbox.intent(intent_of(held))["status"] == "canceled"
    assert as_ana.history(reference)[-1] == ("pending", "freed", "member")
    assert as_ben.book(one).status_code == 201
    again = cancel(as_ana, reference)
    assert (again.status_code, code(again)) == (409, "not_cancellable")
    assert seats_match()


def test_staff_give_up_a_members_hold(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    reference = as_ana.book(session()).json()["reference"]
    assert cancel(as_carla, reference).json()["ended_reason"] == "staff"
    row = as_ana.get(f"/api/booking/bookings/{reference}/history/").json()["results"][-1]
    assert row["by"].startswith("staff:")


def test_a_hold_that_was_paid_meanwhile_is_not_given_up(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.pays(intent_of(held))
    answer = cancel(as_ana, held.json()["reference"])
    assert (answer.status_code, code(answer)) == (409, "not_cancellable")
    assert as_ana.booking(held.json()["reference"])["status"] == "paid"


def test_a_payment_the_bank_works_on_cannot_be_taken_back(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.pays(intent_of(held), "pm_sandbox_processing")
    answer = cancel(as_ana, held.json()["reference"])
    assert (answer.status_code, code(answer)) == (409, "not_cancellable")
    assert as_ana.booking(held.json()["reference"])["status"] == "pending"


def test_while_stripe_is_silent_the_hold_stands(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=1)
    reference = as_ana.book(one).json()["reference"]
    sandbox.fault("status_before", "/cancel$", status=503, times=4)
    answer = cancel(as_ana, reference)
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert code(as_ben.book(one)) == "session_full"
    sandbox.clear_faults()
    assert cancel(as_ana, reference).status_code == 200
    assert seats_match()


@pytest.mark.parametrize("act", ["", "history/", "sync/", "cancel/", "cancellation/"])
def test_nobody_sees_or_touches_another_members_booking(
    as_ana: Caller, as_ben: Caller, anyone: Caller, sandbox: Sandbox, act: str
) -> None:
    reference = as_ana.book(session()).json()["reference"]
    method = "POST" if act in ("sync/", "cancel/") else "GET"
    foreign = as_ben.send(method, f"/api/booking/bookings/{reference}/{act}")
    absent = as_ben.send(method, f"/api/booking/bookings/00000000/{act}")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.json() == absent.json()
    assert anyone.send(method, f"/api/booking/bookings/{reference}/{act}").status_code == 401
    assert Booking.objects.get().status == "pending"


def test_members_list_their_own_and_staff_all(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    as_ana.book(one)
    as_ben.book(one)
    assert len(as_ana.get("/api/booking/bookings/").json()["results"]) == 1
    assert len(as_carla.get("/api/booking/bookings/").json()["results"]) == 2
    assert as_ana.get("/api/booking/bookings/", status="paid").json()["results"] == []
    assert len(as_ana.get("/api/booking/bookings/", upcoming="true").json()["results"]) == 1
    assert as_ana.get("/api/booking/bookings/", status="gone").status_code == 400


def test_a_reference_is_read_in_any_case(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = as_ana.book(session()).json()["reference"]
    assert as_ana.booking(reference.lower())["reference"] == reference
    assert not set(reference) & set("ILOU")


@pytest.mark.parametrize(
    ("method", "status"), [("pm_card_visa", "paid"), ("pm_card_chargeDeclined", "freed"), (None, "pending")]
)
def test_sync_applies_what_stripe_says_without_any_webhook(
    as_ana: Caller, sandbox: Sandbox, method: str | None, status: str
) -> None:
    held = as_ana.book(session())
    if method:
        sandbox.pays(intent_of(held), method)
    answer = sync(as_ana, held.json()["reference"])
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert "stripe_client_secret" not in answer.json()
    assert sync(as_ana, held.json()["reference"]).json()["status"] == status
    assert seats_match()


def test_sync_of_a_booking_without_a_payment_is_harmless(as_ana: Caller) -> None:
    reference = as_ana.book(session(amount=0)).json()["reference"]
    assert sync(as_ana, reference).json()["status"] == "paid"


def test_sync_while_stripe_is_silent_changes_nothing(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = as_ana.book(session()).json()["reference"]
    sandbox.fault("status_before", "/v1/payment_intents/pi_", method="GET", status=500, times=2)
    answer = sync(as_ana, reference)
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert as_ana.booking(reference)["status"] == "pending"


@pytest.mark.parametrize("act", ["sync", "cancel"])
def test_a_hold_stands_when_the_keys_are_gone(as_ana: Caller, sandbox: Sandbox, settings: Any, act: str) -> None:
    reference = as_ana.book(session()).json()["reference"]
    settings.STRIPE_SECRET_KEY, settings.PAYMENTS_ENABLED = "", False
    answer = as_ana.post(f"/api/booking/bookings/{reference}/{act}/")
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert as_ana.booking(reference)["status"] == "pending"


def test_news_of_a_decline_does_not_call_off_what_the_member_has_given_up(
    as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.PAYMENT_FAILED_POLICY = "hold"
    held = as_ana.book(session())
    reference = held.json()["reference"]
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    sandbox.fault("status_before", "/cancel$", status=503, times=2)
    assert cancel(as_ana, reference).status_code == 503
    tell(sandbox.events("payment_intent.payment_failed")[0])
    assert Booking.objects.get().payment.status == "voiding"
    assert intents.lane.wait(20)
    assert as_ana.booking(reference)["ended_reason"] == "member"
