"""A success that pays a hold writes the same rows, whether it goes through in one statement or step by step."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import settlement
from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments.models import Payment, Refund, StripeEvent, UnmatchedMoney
from tests.cast import Caller, Sandbox, intent_of, seats_match, session, tell
from tests.payments.counter import buy, pack
from tests.rival import meanwhile

STATEMENT = "WITH event AS"
# Who waits for what this connection has locked.
WAITERS = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
ON_POSTGRESQL = connection.vendor == "postgresql"
in_one_statement = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite cannot write in the parts of a statement")
# Each booking has its own, and what the background has done with a message is no part of the booking.
OWN = {
    "id",
    "reference",
    "subject",
    "member",
    "payment",
    "booking",
    "event_id",
    "stripe_intent_id",
    "description",
    "by",
}
SINCE = {"status", "reason", "attempts", "sid", "claimed_at", "ended_at", "email_due_at", "emailed_at", "email_reason"}


@pytest.fixture
def success(as_ana: Caller, sandbox: Sandbox) -> Any:
    """The event of Ana's payment for the only seat of a session, which nobody has delivered yet."""
    sandbox.pays(intent_of(as_ana.book(session(capacity=1), "card")))
    [event] = sandbox.events("payment_intent.succeeded")
    return event


@contextmanager
def watched() -> Iterator[list[str]]:
    """Which of our statements were the one statement, so far as they were asked."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as asked:
        yield found
    found += [query["sql"] for query in asked if query["sql"].startswith(STATEMENT)]


def told(row: Any, moments: dict[datetime, str]) -> dict[str, Any]:
    """A row without its own names, and of its moments which they are."""
    names = {field.name for field in row._meta.concrete_fields} - OWN - (SINCE if isinstance(row, Message) else set())
    values = {name: getattr(row, name) for name in names}
    return {
        name: moments.get(value, "another") if isinstance(value, datetime) else value for name, value in values.items()
    }


def left_by(event: Any) -> list[dict[str, Any]]:
    """The rows of one event and of what it has paid, its message as it reads."""
    stored = StripeEvent.objects.get(event_id=event["id"])
    payment = stored.payment
    booking = Booking.objects.get(payment=payment)
    first, paid = BookingTransition.objects.filter(booking=booking)
    message = Message.objects.get(subject=booking.subject)
    assert (paid.by, payment.stripe_intent_id) == (f"stripe:{event['id']}"[:64], event["data"]["object"]["id"])
    assert (message.member_id, message.variables["reference"]) == (payment.member_id, booking.reference)
    assert message.variables["name"] == payment.member.name
    message.variables = {**message.variables, "reference": "", "name": ""}
    moments = {stored.received_at: "now", datetime.fromtimestamp(event["created"], tz=UTC): "then"}
    assert len(moments) == 2
    return [told(row, moments) for row in (stored, payment, booking, first, paid, message)]


@pytest.mark.parametrize("seconds", [-90, 90], ids=["told late", "told by a clock that is ahead"])
def test_both_ways_write_the_same(as_ana: Caller, as_ben: Caller, sandbox: Sandbox, success: Any, seconds: int) -> None:
    """Ana's goes the short way where there is one; of Ben's payment it was not stored yet that it is open."""
    ClassSession.objects.update(capacity=2)
    sandbox.pays(intent_of(as_ben.book(ClassSession.objects.get(), "card")))
    other = sandbox.events("payment_intent.succeeded")[0]
    Payment.objects.filter(member__name="Ben").update(status="creating")
    with watched() as used:
        for event in (success, other):
            event["created"] += seconds
            assert tell(event).json() == {"received": "applied"}
    assert len(used) == ON_POSTGRESQL
    hers, his = left_by(success), left_by(other)
    assert hers == his
    [stored, payment, booking, _, paid, message] = hers
    ended = "now" if seconds > 0 else "then"
    assert (stored["created_at"], stored["received_at"], payment["ended_at"]) == ("then", "now", ended)
    assert (booking["paid_at"], paid["at"], message["due_at"], message["created_at"]) == ("now",) * 4
    assert delivery.lane.wait(20)
    assert {(row.status, row.reason) for row in Message.objects.filter(member__name="Ana")} == {("sent", "")}
    assert seats_match()


@in_one_statement
def test_a_plain_success_takes_two_statements(success: Any) -> None:
    """What it is about, and all of its effect."""
    with CaptureQueriesContext(connection) as asked:
        assert tell(success).json() == {"received": "applied"}
    assert len(asked) == 2, [query["sql"][:60] for query in asked]
    assert Booking.objects.get().status == "paid"


def of_another_intent(event: Any) -> None:
    event["data"]["object"]["id"] = "pi_another"


def paid_already(event: Any) -> None:
    tell(event | {"id": "evt_before"})


def told_already(event: Any) -> None:
    tell(event)


def freed_already(event: Any) -> None:
    with transaction.atomic():
        settlement.free(Booking.objects.get(), reason="expired", by="test", now=timezone.now())


def in_review(event: Any) -> None:
    """For a wrong amount, which was found to be none."""
    amount = {**event["data"]["object"], "amount_received": 1}
    tell(event | {"id": "evt_wrong", "data": {"object": amount}})


def being_voided(event: Any) -> None:
    Payment.objects.update(status="voiding", void_reason="expired")


def begun(event: Any) -> None:
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=5))


def begun_as_it_was_paid(event: Any) -> None:
    """At that very second."""
    starts_at = datetime.fromtimestamp(event["created"], tz=UTC)
    ClassSession.objects.update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))


def cancelled(event: Any) -> None:
    ClassSession.objects.update(status="cancelled")


def no_success(event: Any) -> None:
    event["type"] = "payment_intent.processing"


def speaks_another_version(event: Any) -> None:
    event["api_version"] = "2020-08-27"


def wrong(**fields: Any) -> Callable[[Any], None]:
    def change(event: Any) -> None:
        event["data"]["object"] |= fields

    return change


# What keeps a success from being plain, and what comes of it: the answer, payment, booking, and how much is owed.
NOT_PLAIN: dict[str, tuple[Callable[[Any], None], tuple[str, str, str, int]]] = {
    "of another intent": (of_another_intent, ("applied", "review", "pending", 0)),
    "paid already": (paid_already, ("applied", "paid", "paid", 0)),
    "told already": (told_already, ("repeated", "paid", "paid", 0)),
    "freed already": (freed_already, ("applied", "paid", "paid", 0)),
    "in review": (in_review, ("applied", "paid", "paid", 0)),
    "being voided": (being_voided, ("applied", "paid", "paid", 0)),
    "begun": (begun, ("applied", "paid", "freed", 1)),
    "begun as it was paid": (begun_as_it_was_paid, ("applied", "paid", "freed", 1)),
    "cancelled": (cancelled, ("applied", "paid", "freed", 1)),
    "no success": (no_success, ("applied", "processing", "pending", 0)),
    "another version": (speaks_another_version, ("applied", "paid", "paid", 0)),
    "another amount": (wrong(amount_received=1499), ("applied", "review", "pending", 0)),
    "another currency": (wrong(currency="usd"), ("applied", "review", "pending", 0)),
    "another mode": (wrong(livemode=True), ("applied", "review", "pending", 0)),
    "another payment": (wrong(metadata={"payment": "7b5d8a3e-0000"}), ("applied", "review", "pending", 0)),
}


def outcome(answer: Any) -> tuple[str, str, str, int]:
    [payment], [booking] = Payment.objects.all(), Booking.objects.all()
    return answer.json()["received"], payment.status, booking.status, Refund.objects.count()


@pytest.mark.parametrize(("change", "expected"), NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
def test_what_is_not_plain_goes_step_by_step(
    success: Any, change: Callable[[Any], None], expected: tuple[str, str, str, int]
) -> None:
    change(success)
    with watched() as used:
        answer = tell(success)
    assert (used, outcome(answer)) == ([], expected)
    assert StripeEvent.objects.filter(event_id=success["id"]).count() == 1
    assert seats_match()


def test_a_pack_goes_step_by_step(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(buy(as_ana, pack())))
    with watched() as used:
        tell(sandbox.events("payment_intent.succeeded")[0])
    assert (used, as_ana.get("/api/payments/credits/").json()["balance"]) == ([], 5)


def of_another_intent_by_now(event: Any) -> None:
    Payment.objects.update(stripe_intent_id="pi_another")


# The same, when it comes about between reading and writing.
IN_BETWEEN = {
    name: NOT_PLAIN[name]
    for name in ("paid already", "told already", "freed already", "in review", "being voided", "begun", "cancelled")
} | {"of another intent": (of_another_intent_by_now, ("applied", "review", "pending", 0))}


@in_one_statement
@pytest.mark.parametrize(("change", "expected"), IN_BETWEEN.values(), ids=IN_BETWEEN.keys())
def test_what_changes_in_between_is_settled_step_by_step(
    success: Any, change: Callable[[Any], None], expected: tuple[str, str, str, int]
) -> None:
    with watched() as used, meanwhile(lambda: change(success), before=STATEMENT):
        answer = tell(success)
    assert (len(used), outcome(answer)) == (1, expected)
    assert_settled_once(success)


@in_one_statement
@pytest.mark.parametrize("name", [name for name in IN_BETWEEN if name not in ("begun", "cancelled")])
def test_what_changes_while_it_waits_for_it_is_settled_step_by_step(success: Any, name: str) -> None:
    """Somebody has written the event, the payment or the booking, and commits when it waits for that."""
    change, expected = IN_BETWEEN[name]
    answers: list[Any] = []
    teller = Thread(target=lambda: answers.append(told_elsewhere(success)))
    with transaction.atomic():
        change(success)
        teller.start()
        wait_for_a_waiter()
    teller.join(20)
    assert outcome(answers[0]) == expected
    assert_settled_once(success)


def told_elsewhere(event: Any) -> Any:
    try:
        return tell(event)
    finally:
        connections.close_all()


def wait_for_a_waiter() -> None:
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(WAITERS)
            if cursor.fetchone() != (0,):
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def assert_settled_once(event: Any) -> None:
    """Everything stands once, and what seemed to belong to nothing has found its place."""
    assert StripeEvent.objects.filter(event_id=event["id"]).count() == 1
    moves = list(BookingTransition.objects.values_list("from_status", "to_status"))
    assert len(moves) == len(set(moves)), moves
    assert all(before == after for (_, before), (after, _) in itertools.pairwise(moves)), moves
    if Payment.objects.get().status == "paid":
        assert not UnmatchedMoney.objects.filter(resolved_at=None).exists()
    assert Message.objects.filter(kind="booking_paid").count() == Booking.objects.filter(status="paid").count()
    assert seats_match()


@in_one_statement
def test_a_confirmation_that_was_owed_before_adds_nothing_and_is_no_hindrance(success: Any, ana: Member) -> None:
    booking = Booking.objects.get()
    now = timezone.now()
    Message.objects.create(
        kind="booking_paid", subject=booking.subject, member=ana, variables={}, due_at=now, created_at=now, sid="SM1"
    )
    with CaptureQueriesContext(connection) as asked:
        assert tell(success).json() == {"received": "applied"}
    assert (len(asked), Booking.objects.get().status, Message.objects.get().sid) == (2, "paid", "SM1")
