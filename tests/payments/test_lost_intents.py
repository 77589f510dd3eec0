"""Voids of payments whose intent is not known, is not there, or cannot be decided on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from booking import settlement
from booking.models import Booking
from payments import intents, stripe_client
from payments.models import Payment, UnmatchedMoney
from tests.cast import Caller, Sandbox, code, intent_of, seats_match, session, tell

CREATE = "/v1/payment_intents$"
FAILED, SUCCEEDED = "payment_intent.payment_failed", "payment_intent.succeeded"


@contextmanager
def stripe_that_says(thing: Any, status: int = 200) -> Iterator[str]:
    """The address of a Stripe that answers everything with this."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(thing).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


def unheard(as_ana: Caller, sandbox: Sandbox, hours: int = 0) -> str:
    """A hold whose create call never reached Stripe, so long ago."""
    sandbox.fault("reset_before", CREATE, times=2)
    assert as_ana.book(session(capacity=1)).status_code == 503
    sandbox.clear_faults()
    Payment.objects.update(created_at=timezone.now() - timedelta(hours=hours))
    return Booking.objects.get().reference


def cancel(caller: Caller, reference: str) -> Any:
    return caller.post(f"/api/booking/bookings/{reference}/cancel/")


def sync(caller: Caller, reference: str) -> Any:
    return caller.post(f"/api/booking/bookings/{reference}/sync/")


def test_an_intent_that_stripe_never_made_is_void_without_a_cancel_call(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = unheard(as_ana, sandbox, hours=25)
    assert cancel(as_ana, reference).json()["status"] == "freed"
    payment, booking = Payment.objects.get(), Booking.objects.get()
    assert (payment.status, payment.void_reason, payment.failure_code) == ("void", "member", "")
    assert payment.ended_at == booking.ended_at
    assert as_ana.history(reference)[-1] == ("pending", "freed", "member")
    assert booking.transitions.last().by == "member"
    assert sandbox.intents() == []
    assert seats_match()


def test_an_intent_that_stripe_refuses_to_make_is_void(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = unheard(as_ana, sandbox)
    sandbox.fault("status_before", CREATE, status=400)
    assert cancel(as_ana, reference).json()["status"] == "freed"
    assert (Payment.objects.get().status, sandbox.intents()) == ("void", [])


def test_the_reason_a_void_was_begun_for_is_the_one_that_stays(as_ana: Caller, sandbox: Sandbox) -> None:
    reference = unheard(as_ana, sandbox, hours=25)
    Payment.objects.update(status="voiding", void_reason="payment_failed")
    call_command("expire_pending_bookings")
    assert (Booking.objects.get().ended_reason, Payment.objects.get().void_reason) == ("payment_failed",) * 2
    assert as_ana.booking(reference)["status"] == "freed"


def test_past_the_life_of_its_key_an_intent_that_is_not_there_is_made(as_ana: Caller, sandbox: Sandbox) -> None:
    unheard(as_ana, sandbox, hours=25)
    again = as_ana.book(Booking.objects.get().session)
    assert (again.status_code, len(sandbox.intents())) == (200, 1)
    assert sandbox.intents()[0]["client_secret"] == again.json()["stripe_client_secret"]


def test_a_key_that_tells_nothing_is_said_in_the_log_and_the_list_asked(
    as_ana: Caller, sandbox: Sandbox, caplog: Any
) -> None:
    caplog.set_level("INFO")
    sandbox.fault("status_after", CREATE, status=500, times=1)
    as_ana.book(session())
    payment = Payment.objects.get()
    assert cancel(as_ana, Booking.objects.get().reference).json()["status"] == "freed"
    assert f"The key of payment {payment.reference} tells nothing; looking through the list" in caplog.messages


def test_at_the_very_end_of_its_life_a_key_is_not_used_again(as_ana: Caller, sandbox: Sandbox) -> None:
    """Stripe may have forgotten it: the same key would make a second intent."""
    as_ana.book(session())
    Payment.objects.update(status="creating", stripe_intent_id=None)
    payment = Payment.objects.get()
    edge = payment.created_at + stripe_client.KEY_LIVES
    ended = intents.void(payment.pk, reason="expired", settle=settlement.settle, by="test", now=edge)
    assert (ended.status, sandbox.creates()) == ("void", 1)


def test_what_the_log_says_of_an_intent_that_stripe_does_not_know(
    as_ana: Caller, sandbox: Sandbox, caplog: Any
) -> None:
    as_ana.book(session())
    Payment.objects.update(stripe_intent_id="pi_of_another_account")
    assert code(cancel(as_ana, Booking.objects.get().reference)) == "payments_unavailable"
    reference = Payment.objects.get().reference
    assert f"Payment {reference} cannot be voided, Stripe says resource_missing" in caplog.messages
    assert Payment.objects.get().status == "voiding"


def test_what_the_log_says_of_an_intent_that_is_not_what_was_asked_for(
    as_ana: Caller, sandbox: Sandbox, caplog: Any
) -> None:
    sandbox.fault("amount_changed", CREATE)
    as_ana.book(session())
    payment = Payment.objects.get()
    assert f"Stripe opened something else than payment {payment.reference} asked for" in caplog.messages
    assert (payment.void_reason, Booking.objects.get().ended_reason) == ("payment_rejected", "payment_rejected")


def test_a_wrong_intent_that_cannot_be_voided_now_keeps_its_hold(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.fault("amount_changed", CREATE)
    sandbox.fault("status_before", "/cancel$", status=429)
    assert code(as_ana.book(session())) == "payments_unavailable"
    assert (Booking.objects.get().status, Payment.objects.get().status) == ("pending", "voiding")


def test_a_refusal_is_written_on_the_payment_with_its_code(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", CREATE, status=400)
    as_ana.book(session())
    payment = Payment.objects.get()
    assert (payment.void_reason, payment.ended_at) == ("payment_rejected", Booking.objects.get().ended_at)
    assert payment.failure_code not in ("", "None")


def test_sync_of_a_payment_that_never_had_an_intent_asks_nobody(
    as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    sandbox.fault("status_before", CREATE, status=400)
    as_ana.book(session())
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    answer = sync(as_ana, Booking.objects.get().reference)
    assert (answer.status_code, answer.json()["status"]) == (200, "freed")


def test_sync_finishes_a_void_that_was_begun(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    Payment.objects.update(status="voiding", void_reason="payment_failed")
    answer = sync(as_carla, held.json()["reference"])
    assert (answer.json()["status"], answer.json()["ended_reason"]) == ("freed", "payment_failed")
    booking = Booking.objects.get()
    assert booking.transitions.last().by.startswith("staff:")
    assert booking.ended_at == booking.transitions.last().at
    assert sandbox.intent(intent_of(held))["status"] == "canceled"


def test_sync_of_a_payment_that_needs_no_card_any_more_shows_no_secret(as_ana: Caller, sandbox: Sandbox) -> None:
    """A payment in review is not to be paid, although its intent still could be."""
    one = session()
    as_ana.book(one)
    Payment.objects.update(status="review", review_reason="amount")
    again = as_ana.book(one)
    assert again.status_code == 200
    assert ("stripe_client_secret" in again.json()) == (Payment.objects.get().status == "open")


def test_a_decline_that_is_found_by_asking_again_is_the_reason(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    sync(as_ana, held.json()["reference"])
    payment = Payment.objects.get()
    assert (payment.status, payment.void_reason) == ("void", "payment_failed")
    assert Booking.objects.get().ended_reason == "payment_failed"


def test_money_for_a_payment_without_a_booking_stands_in_the_queue(
    as_ana: Caller, sandbox: Sandbox, caplog: Any
) -> None:
    """As after a backup that was only half restored."""
    held = as_ana.book(session())
    sandbox.pays(intent_of(held))
    Booking.objects.update(payment=None)
    tell(sandbox.events(SUCCEEDED)[0])
    payment, queued = Payment.objects.get(), UnmatchedMoney.objects.get()
    assert (queued.stripe_id, queued.amount, queued.currency) == (intent_of(held), 1500, "gbp")
    assert (queued.why, queued.payment) == ("it paid for no booking", payment)
    assert queued.found_at == payment.events.get().received_at
    assert f"The payment {payment.reference} belongs to no booking" in caplog.messages


def test_a_void_without_a_booking_is_no_money(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.cancel(intent_of(held))
    Booking.objects.update(payment=None)
    tell(sandbox.events("payment_intent.canceled")[0])
    assert (Payment.objects.get().status, UnmatchedMoney.objects.count()) == ("void", 0)


def test_a_cancel_call_that_ends_nothing_keeps_the_hold(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    """Stripe answers 200 and the intent can still be paid: nobody knows its end yet."""
    held = as_ana.book(session())
    with stripe_that_says(sandbox.intent(intent_of(held))) as base:
        settings.STRIPE_API_BASE = base
        answer = cancel(as_ana, held.json()["reference"])
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert answer.json()["errors"][0]["detail"].startswith("The payment provider cannot end this payment now")
    assert (Booking.objects.get().status, Payment.objects.get().status) == ("pending", "voiding")
    settings.STRIPE_API_BASE = sandbox.base
    assert cancel(as_ana, held.json()["reference"]).json()["status"] == "freed"


def test_a_refusal_of_any_length_fits_its_column(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    refusal = {"error": {"type": "invalid_request_error", "code": "x" * 80, "message": "no"}}
    with stripe_that_says(refusal, status=400) as base:
        settings.STRIPE_API_BASE = base
        assert code(as_ana.book(session())) == "payment_rejected"
    assert Payment.objects.get().failure_code == "x" * 64


def test_a_wrong_intent_that_was_paid_meanwhile_is_not_called_rejected(as_ana: Caller, sandbox: Sandbox) -> None:
    """The answer was wrong, not the intent: its money has come."""
    sandbox.fault("amount_changed", CREATE)
    sandbox.fault("paid_first", "/cancel$")
    assert code(as_ana.book(session())) == "payments_unavailable"
    assert (Booking.objects.get().status, Payment.objects.get().status) == ("paid", "paid")


def test_at_the_very_end_of_its_life_a_key_asks_for_nothing(as_ana: Caller, sandbox: Sandbox) -> None:
    as_ana.book(session())
    Payment.objects.update(status="creating", stripe_intent_id=None)
    payment = Payment.objects.get()
    edge = payment.created_at + stripe_client.KEY_LIVES
    intent = intents.open_at_stripe(payment, settle=settlement.settle, by="test", now=edge)
    assert intent is not None
    assert (intent.id, sandbox.creates()) == (sandbox.intents()[0]["id"], 1)
