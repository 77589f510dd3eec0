"""Stripe tells the same thing many times at one instant, or two things that contradict each other."""

from typing import Any

import pytest

from booking.models import Booking, BookingTransition, ClassSession
from notifications.models import Message
from payments.models import Payment, Refund, StripeEvent
from tests.cast import Caller, Sandbox, intent_of, seats_match
from tests.races.clients import at_once, tally, tell
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import CLIENTS, DUPLICATES, ON_POSTGRESQL, PAIRS

pytestmark = pytest.mark.load

SUCCEEDED, FAILED = "payment_intent.succeeded", "payment_intent.payment_failed"


@pytest.fixture
def success(as_ana: Caller, yoga: ClassSession, sandbox: Sandbox) -> Any:
    """The event of Ana's payment, which nobody has delivered yet."""
    sandbox.pays(intent_of(as_ana.book(yoga, "card")))
    [event] = sandbox.events(SUCCEEDED)
    return event


def paid_once(bookings: int) -> bool:
    """Whether every booking became paid by one transition, told by one message, and nothing is owed back."""
    transitions = BookingTransition.objects.filter(to_status="paid", booking__status="paid")
    assert Booking.objects.count() == Booking.objects.filter(status="paid", paid_with="card").count() == bookings
    assert transitions.count() == transitions.values("booking").distinct().count() == bookings
    assert BookingTransition.objects.count() == 2 * bookings
    assert Message.objects.filter(kind="booking_paid").count() == Message.objects.count() == bookings
    assert Payment.objects.filter(status="paid").count() == Payment.objects.count() == bookings
    return not Refund.objects.exists() and seats_match()


def test_one_event_many_times_is_applied_once(server: Server, success: Any) -> None:
    answers = at_once(server.base, [tell(success)] * CLIENTS)
    assert tally(answers) == {(200, ""): CLIENTS}
    assert sorted(answer.json["received"] for answer in answers) == ["applied"] + ["repeated"] * (CLIENTS - 1)
    server.wait_until_calm()
    assert paid_once(1)
    assert StripeEvent.objects.count() == 1


def test_one_success_under_many_names_is_applied_once(server: Server, success: Any) -> None:
    """As from two endpoints, or a resend by hand."""
    answers = at_once(server.base, [tell(success | {"id": f"evt_{n}"}) for n in range(DUPLICATES)])
    assert tally(answers) == {(200, ""): DUPLICATES}
    server.wait_until_calm()
    assert paid_once(1)
    assert StripeEvent.objects.count() == DUPLICATES


def test_an_intent_that_has_succeeded_ends_paid_whatever_is_told_first(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """Each card was declined once before it paid; both facts arrive at one instant."""
    yoga.capacity = PAIRS
    yoga.save()
    for member in crowd(PAIRS):
        intent = intent_of(member.book(yoga, "card"))
        sandbox.pays(intent, "pm_card_chargeDeclined")
        sandbox.pays(intent)
    events = sandbox.events(SUCCEEDED) + sandbox.events(FAILED)
    by_intent = sorted(events, key=lambda event: event["data"]["object"]["id"])
    assert len(by_intent) == 2 * PAIRS
    answers = at_once(server.base, [tell(event) for event in by_intent])
    assert tally(answers) == {(200, ""): 2 * PAIRS}
    server.wait_until_calm()
    assert paid_once(PAIRS)
    assert {intent["status"] for intent in sandbox.intents()} == {"succeeded"}


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer at a time: there the transaction is the lock")
def test_without_the_lock_on_the_payment_a_decline_takes_a_success_back(
    unguarded: Server, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """Stripe would say at the cancel call that it was paid, but does not answer."""
    intent = intent_of(as_ana.book(yoga, "card"))
    sandbox.pays(intent, "pm_card_chargeDeclined")
    sandbox.pays(intent)
    sandbox.fault("status_before", "/cancel$", status=500, times=100)
    events = sandbox.events(SUCCEEDED) + sandbox.events(FAILED)
    at_once(unguarded.base, [tell(event).without("lock") for event in events])
    assert Booking.objects.get().status == "paid"
    assert Payment.objects.get().status == "voiding"
    Payment.objects.update(status="paid")  # nothing is to be waited for


def test_without_transaction_and_conditional_update_a_success_told_twice_is_written_twice(
    unguarded: Server, success: Any
) -> None:
    at_once(unguarded.base, [tell(success | {"id": f"evt_{n}"}).without("transaction") for n in range(10)])
    assert Booking.objects.get().status == "paid"
    assert BookingTransition.objects.filter(to_status="paid").count() > 1
