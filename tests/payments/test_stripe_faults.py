"""What Stripe may do to the creation of an intent, and what becomes of the hold."""

from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.utils import timezone

from booking import settlement
from booking.models import Booking
from payments import intents, stripe_client
from payments.exceptions import PaymentsUnavailable
from payments.models import Payment
from tests.cast import Caller, Sandbox, code, intent_of, seats_match, session

CREATE = "/v1/payment_intents$"


def only_booking() -> Booking:
    return Booking.objects.select_related("payment", "session").get()


def test_a_refusal_for_good_holds_nothing(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", CREATE, status=400)
    one = session(capacity=1)
    answer = as_ana.book(one, key="k")
    assert (answer.status_code, code(answer)) == (502, "payment_rejected")
    booking = only_booking()
    assert (booking.status, booking.ended_reason, booking.payment.status) == ("freed", "payment_rejected", "void")
    assert seats_match()
    assert as_ana.book(one, key="k").status_code == 201


SILENCES: dict[str, dict[str, Any]] = {
    "429": {"fault": "status_before", "status": 429, "times": 1},
    "revoked key": {"fault": "status_before", "status": 401, "times": 1},
    "forbidden": {"fault": "status_before", "status": 403, "times": 1},
    "500 before": {"fault": "status_before", "status": 500, "times": 2},
    "503 before": {"fault": "status_before", "status": 503, "times": 2},
    "reset before": {"fault": "reset_before", "times": 2},
}


@pytest.mark.parametrize("silence", SILENCES.values(), ids=SILENCES.keys())
def test_no_answer_keeps_the_hold_and_the_same_request_continues_it(
    as_ana: Caller, sandbox: Sandbox, silence: dict[str, Any]
) -> None:
    sandbox.fault(path=CREATE, **silence)
    one = session(capacity=1)
    answer = as_ana.book(one, key="k")
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert (only_booking().status, only_booking().payment.status) == ("pending", "creating")
    again = as_ana.book(one, key="k")
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    assert sandbox.intent(intent_of(again))["status"] == "requires_payment_method"
    assert len(sandbox.intents()) == 1
    assert Booking.objects.count() == 1


LOST = {
    "reset after": {"fault": "reset_after", "times": 2},
    "no JSON": {"fault": "garbage", "times": 1},
    "hangs": {"fault": "hang_after", "seconds": 4, "times": 2},
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_an_answer_that_was_lost_never_makes_a_second_intent(
    as_ana: Caller, sandbox: Sandbox, settings: Any, lost: dict[str, Any]
) -> None:
    settings.STRIPE_TIMEOUT_SECONDS = 1
    sandbox.fault(path=CREATE, **lost)
    one = session()
    first = as_ana.book(one)
    assert first.status_code in (201, 503)
    again = as_ana.book(one)
    assert again.status_code == 200
    assert len(sandbox.intents()) == 1
    assert again.json()["stripe_client_secret"] == sandbox.intents()[0]["client_secret"]


def test_an_error_stored_under_the_key_does_not_strand_the_hold(as_ana: Caller, sandbox: Sandbox) -> None:
    """Stripe replays its 500 for a day; giving the hold up still finds the intent and voids it."""
    sandbox.fault("status_after", CREATE, status=500, times=1)
    one = session()
    assert as_ana.book(one).status_code == 503
    assert as_ana.book(one).status_code == 503
    reference = only_booking().reference
    assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").json()["status"] == "freed"
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]


def test_an_answer_with_another_amount_is_refused_and_voided(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.fault("amount_changed", CREATE)
    answer = as_ana.book(session())
    assert (answer.status_code, code(answer)) == (502, "payment_rejected")
    assert (only_booking().status, only_booking().payment.status) == ("freed", "void")
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]
    assert seats_match()


def test_nothing_listening_at_stripes_address_keeps_the_hold(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    answer = as_ana.book(session())
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert only_booking().status == "pending"


def test_a_replayed_answer_is_not_trusted(as_ana: Caller, sandbox: Sandbox) -> None:
    """The create answer was lost and the intent paid meanwhile: the replay still says it is open."""
    one = session()
    first = as_ana.book(one)
    Payment.objects.update(status=Payment.Status.CREATING, stripe_intent_id=None)
    sandbox.pays(intent_of(first))
    again = as_ana.book(one)
    assert (again.status_code, again.json()["status"]) == (200, "paid")
    assert "stripe_client_secret" not in again.json()


def test_one_booking_asks_stripe_once(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session()
    for _ in range(5):
        as_ana.book(one)
    assert sandbox.creates() == 1


def test_the_client_is_pinned_and_bounded(sandbox: Sandbox) -> None:
    assert stripe.api_version == stripe_client.API_VERSION, "an SDK bump must be a reviewed change"
    assert stripe_client.MAX_NETWORK_RETRIES == 1
    assert stripe.enable_telemetry is False


def test_a_twin_that_is_refused_does_not_free_what_the_other_has_opened(as_ana: Caller, sandbox: Sandbox) -> None:
    """Its row was read before the other stored the intent and gave the secret away."""
    one = session(capacity=1)
    held = as_ana.book(one)
    read_earlier = Payment.objects.get()
    read_earlier.status, read_earlier.stripe_intent_id = Payment.Status.CREATING, None
    sandbox.fault("status_before", CREATE, status=400)
    with pytest.raises(PaymentsUnavailable):
        intents.open_at_stripe(read_earlier, settle=settlement.settle, by="member", now=timezone.now())
    assert (only_booking().status, only_booking().payment.status) == ("pending", "open")
    assert as_ana.book(one).json()["stripe_client_secret"] == held.json()["stripe_client_secret"]


def test_past_the_life_of_its_key_an_intent_is_looked_for_before_another_is_made(
    as_ana: Caller, sandbox: Sandbox
) -> None:
    one = session()
    as_ana.book(one)
    made = Payment.objects.get().created_at - timedelta(hours=25)
    Payment.objects.update(status=Payment.Status.CREATING, stripe_intent_id=None, created_at=made)
    assert as_ana.book(one).status_code == 200
    assert (len(sandbox.intents()), sandbox.creates()) == (1, 1)
