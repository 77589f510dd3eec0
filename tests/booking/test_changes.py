"""Staff change a session while holds and payments are in flight: the price agreed is charged, no hold outlives it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking.models import Booking, ClassSession
from notifications.models import Message
from payments.models import Payment, Refund
from tests import laws
from tests.cast import Caller, Sandbox, code, intent_of, seats_match, session, tell

SUCCEEDED = "payment_intent.succeeded"
SOON = timedelta(minutes=10)


def change(as_carla: Caller, one: ClassSession, **fields: Any) -> None:
    answer = as_carla.patch(f"/api/booking/sessions/{one.pk}/", fields)
    assert answer.status_code == 200, answer.content


def move(as_carla: Caller, one: ClassSession, start: datetime) -> None:
    change(as_carla, one, starts_at=start.isoformat(), ends_at=(start + timedelta(hours=1)).isoformat())


def hear(sandbox: Sandbox) -> None:
    for event in sandbox.events(SUCCEEDED):
        assert tell(event).status_code == 200


@pytest.mark.parametrize(
    "new",
    [{"amount": 9900}, {"amount": 100}, {"amount": 0}, {"currency": "eur"}, {"credits_required": 5}],
    ids=["dearer", "cheaper", "free", "another currency", "more credits"],
)
def test_the_price_agreed_is_the_price_charged(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox, new: dict[str, Any]
) -> None:
    one = session(amount=1500)
    held = as_ana.book(one, "card", key="k1")
    change(as_carla, one, **new)
    for again in (as_ana.book(one, "card"), as_ana.book(one, "card", key="k1")):
        assert (again.status_code, again.json()) == (200, held.json())
    [intent] = sandbox.intents()
    assert (intent["id"], intent["amount"], intent["currency"]) == (intent_of(held), 1500, "gbp")
    sandbox.pays(intent["id"])
    hear(sandbox)
    paid = as_ana.book(one, "card", key="k1").json()
    assert (paid["status"], paid["amount"], paid["currency"]) == ("paid", 1500, "gbp")
    assert Payment.objects.get().amount_received == 1500
    assert laws.broken() == {}


def test_an_attempt_nobody_heard_the_end_of_goes_on_at_the_price_agreed(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session(amount=1500)
    sandbox.fault("status_before", "/v1/payment_intents$", status=500, times=2, stored=False)
    assert code(as_ana.book(one)) == "payments_unavailable"
    change(as_carla, one, amount=9900, currency="eur")
    assert as_ana.book(one).json()["amount"] == 1500
    [intent] = sandbox.intents()
    assert (intent["amount"], intent["currency"]) == (1500, "gbp")


def test_an_event_is_held_against_the_price_agreed_not_the_present_one(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session(amount=1500)
    sandbox.pays(intent_of(as_ana.book(one)))
    change(as_carla, one, amount=9900)
    [event] = sandbox.events(SUCCEEDED)
    event["data"]["object"] |= {"amount": 9900, "amount_received": 9900}
    assert tell(event).status_code == 200
    assert (Payment.objects.get().status, Booking.objects.get().status) == ("review", "pending")


@pytest.mark.parametrize("by", ["the API", "the admin"])
def test_a_session_moved_earlier_shortens_its_holds_and_no_others(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox, by: str
) -> None:
    one, soon = session(), timezone.now() + SOON
    moved, other = (as_ana.book(which).json() for which in (one, session()))
    if by == "the API":
        move(as_carla, one, soon)
    else:  # it saves the whole row
        one.starts_at = soon
        one.save()
    assert Booking.objects.get(reference=moved["reference"]).expires_at == soon
    assert as_ana.booking(other["reference"])["expires_at"] == other["expires_at"]


def test_a_session_moved_later_leaves_its_holds_as_they_are(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    one = session()
    held = as_ana.book(one)
    move(as_carla, one, one.starts_at + timedelta(days=1))
    assert as_ana.booking(held.json()["reference"])["expires_at"] == held.json()["expires_at"]
    sandbox.pays(intent_of(held))
    hear(sandbox)
    assert Booking.objects.get().status == "paid"


def begun(one: ClassSession) -> None:
    ClassSession.objects.filter(pk=one.pk).update(starts_at=timezone.now() - timedelta(minutes=1))


def cancelled(one: ClassSession) -> None:
    ClassSession.objects.filter(pk=one.pk).update(status=ClassSession.Status.CANCELLED)


@pytest.mark.parametrize("closed", [begun, cancelled])
def test_a_hold_of_a_session_that_is_closed_ends_although_it_has_not_expired(
    as_ana: Caller, sandbox: Sandbox, closed: Any
) -> None:
    """As that of a booking under way while staff moved its session: it reckoned with the old start."""
    one = session()
    as_ana.book(one)
    closed(one)
    call_command("expire_pending_bookings")
    booking = Booking.objects.get()
    assert (booking.status, booking.ended_reason, Message.objects.get().kind) == ("freed", "expired", "hold_expired")
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]
    assert laws.broken(timedelta(hours=1)) == {}


@pytest.mark.parametrize("closed", [begun, cancelled])
def test_nobody_is_given_the_secret_to_pay_for_a_session_that_is_closed(
    as_ana: Caller, sandbox: Sandbox, closed: Any
) -> None:
    one = session()
    held = as_ana.book(one, key="k1").json()
    closed(one)
    repeated = as_ana.book(one, key="k1")
    assert (repeated.status_code, repeated.json()["status"]) == (200, "freed")
    assert "stripe_client_secret" not in repeated.json()
    assert code(as_ana.book(one)) == "session_closed"
    assert as_ana.booking(held["reference"])["ended_reason"] == "expired"
    assert seats_match()


def test_a_hold_of_a_session_moved_into_the_past_is_freed_by_the_next_run(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    as_ana.book(one)
    move(as_carla, one, timezone.now() - timedelta(days=1))
    call_command("expire_pending_bookings")
    assert Booking.objects.get().status == "freed"
    assert laws.broken() == {}


@pytest.mark.parametrize(
    ("to", "ends"),
    [(timedelta(days=-1), "freed"), (SOON, "paid"), (timedelta(days=9), "paid")],
    ids=["into the past", "earlier", "later"],
)
def test_a_payment_in_flight_counts_when_it_came_before_the_new_start(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox, to: timedelta, ends: str
) -> None:
    one = session()
    sandbox.pays(intent_of(as_ana.book(one)))
    move(as_carla, one, timezone.now() + to)
    for _ in range(2):
        hear(sandbox)
    assert Booking.objects.get().status == ends
    assert [refund.amount for refund in Refund.objects.all()] == ([1500] if ends == "freed" else [])
    assert laws.broken() == {}


def test_a_paid_booking_stays_paid_wherever_its_session_is_moved(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    sandbox.pays(intent_of(as_ana.book(one)))
    hear(sandbox)
    move(as_carla, one, timezone.now() - timedelta(days=1))
    call_command("expire_pending_bookings", "--minutes", "1")
    hear(sandbox)
    assert (Booking.objects.get().status, Refund.objects.count()) == ("paid", 0)
    assert laws.broken(timedelta(hours=1)) == {}
