"""A stale hold ends by the same rows, whether many are freed in one statement or each step by step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import expiry, express_expiry
from booking.expiry import Fate
from booking.expiry_run import TOGETHER_SECONDS, ExpiryRun
from booking.models import Booking, BookingTransition, ClassSession, WaitlistEntry
from members.models import Member
from notifications.models import Message
from payments.models import Payment
from payments.stripe_objects import Intent
from tests.booking.test_expiry import expire, hold, status
from tests.cast import Caller, Sandbox, seats_match, session, tell
from tests.rival import meanwhile

ON_POSTGRESQL = connection.vendor == "postgresql"
in_one_statement = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite cannot write in the parts of a statement")
CLAIM, FREE = "WITH plain AS", "WITH payment AS"
# Each has its own; and what the background has done with a message is no part of the hold's end.
OWN = {"id", "reference", "subject", "payment", "booking", "session", "stripe_intent_id", "description"}
SINCE = {"status", "reason", "attempts", "sid", "claimed_at", "ended_at", "email_due_at", "emailed_at", "email_reason"}


@contextmanager
def watched() -> Iterator[list[str]]:
    """How the statements began that claim and free holds together, so far as there were any."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as asked:
        yield found
    began = [query["sql"].split("(", 1)[0].strip() for query in asked]
    found += [one for one in began if one in (CLAIM, FREE)]


def end() -> list[tuple[object, Fate]]:
    """What the command does of stale holds, without what it does besides."""
    stale = expiry.stale(now=timezone.now(), created_before=None)
    run = ExpiryRun(created_before=None, workers=3)
    return list(run.end(stale, list(stale.values_list("pk", flat=True))))


def left_by(reference: str) -> list[dict[str, Any]]:
    """The rows of a hold and of its end; of their moments whether they are those of the end."""
    booking = Booking.objects.select_related("payment", "session").get(reference=reference)
    transitions = BookingTransition.objects.filter(booking=booking)
    rows = [booking, booking.payment, *transitions, Message.objects.get(subject=booking.subject)]
    return [_told(row, booking.ended_at) for row in rows] + [{"seats_taken": booking.session.seats_taken}]


def _told(row: Any, ended_at: Any) -> dict[str, Any]:
    names = {field.name for field in row._meta.concrete_fields} - OWN - (SINCE if isinstance(row, Message) else set())
    values = {name: getattr(row, name) for name in names}
    return {
        name: value and (value == ended_at if name == "at" or name.endswith("_at") else value)
        for name, value in values.items()
    }


def test_both_ways_write_the_same(as_ana: Caller, sandbox: Sandbox) -> None:
    """One of the two was made by a call whose answer never came: Stripe is asked for it first, so it goes alone."""
    references = [hold(as_ana, 31) for _ in range(2)]
    lost = Booking.objects.get(reference=references[1]).payment
    Payment.objects.filter(pk=lost.pk).update(status="creating", stripe_intent_id=None)
    with watched() as used:
        assert "2 freed" in expire()[1]
    assert used == ([CLAIM, FREE] if ON_POSTGRESQL else [])
    together, alone = (left_by(reference) for reference in references)
    assert together == alone
    assert [one["status"] for one in together[:2]] == ["freed", "void"]
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"] * 2
    assert seats_match()


@in_one_statement
def test_however_many_are_stale_the_statements_are_as_many(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.MAX_HOLDS_PER_MEMBER = 20

    def asked(stale: int) -> int:
        yoga = session(capacity=2)
        references = [as_ana.book(yoga).json()["reference"], as_ben.book(yoga).json()["reference"]]
        references += [as_ana.book(session()).json()["reference"] for _ in range(stale - 2)]
        now = timezone.now()
        Booking.objects.filter(reference__in=references).update(expires_at=now)
        with CaptureQueriesContext(connection) as queries:
            assert f"{stale} freed" in expire()[1]
        return len(queries)

    assert asked(2) == asked(12)
    assert seats_match()


@in_one_statement
def test_holds_as_old_as_asked_for_end_together_whatever_their_expiry(
    as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.BOOKING_HOLD_MINUTES = 60
    references = [hold(as_ana, minutes) for minutes in (29, 31)]
    for reference in references:
        booking = Booking.objects.get(reference=reference)
        Payment.objects.filter(pk=booking.payment_id).update(created_at=booking.created_at)
    with watched() as used:
        assert "1 freed" in expire("--minutes", "30")[1]
    assert used == [CLAIM, FREE]
    assert [status(reference)[0] for reference in references] == ["pending", "freed"]


def _moves_its_expiry() -> None:
    Booking.objects.update(expires_at=timezone.now() + timedelta(minutes=5))


def _claims_it() -> None:
    assert Payment.objects.get().claim_void(timezone.now())


def _pays_it() -> None:
    Payment.objects.update(status="paid", ended_at=timezone.now())
    Booking.objects.update(status="paid", paid_with="card", paid_at=timezone.now())


def _declines_it() -> None:
    Payment.objects.update(status="voiding", void_reason="payment_failed")


@in_one_statement
@pytest.mark.parametrize(
    ("rival", "ends"),
    [
        (_moves_its_expiry, ("pending", "")),
        (_claims_it, ("pending", "")),
        (_pays_it, ("paid", "")),
        (_declines_it, ("freed", "payment_failed")),
    ],
)
def test_what_has_changed_since_the_stale_were_listed_is_not_claimed_with_them(
    as_ana: Caller, sandbox: Sandbox, rival: Callable[[], None], ends: tuple[str, str]
) -> None:
    reference = hold(as_ana, 31)
    with watched() as used, meanwhile(rival, before=CLAIM):
        expire()
    assert used == [CLAIM]
    assert status(reference) == ends
    assert seats_match()


@in_one_statement
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda: Payment.objects.update(status="voiding", void_reason="expired", stripe_intent_id=None),
            id="a void was begun of an intent that nobody knows",
        ),
        pytest.param(
            lambda: ClassSession.objects.update(capacity=3, extra_seats=1, seats_taken=3),
            id="its session has more people than room",
        ),
    ],
)
def test_what_is_known_not_to_be_plain_goes_the_other_way_from_the_first(
    as_ana: Caller, sandbox: Sandbox, change: Callable[[], Any]
) -> None:
    reference = hold(as_ana, 31, capacity=2)
    change()
    with watched() as used:
        assert "1 freed" in expire()[1]
    assert used == [CLAIM]
    assert status(reference) == ("freed", "expired")
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]


@in_one_statement
@pytest.mark.parametrize("others", [{"offer": None}, {"left_at": timezone.now()}], ids=["waits", "has left"])
def test_a_seat_that_is_waited_for_is_handed_on(
    as_ana: Caller, ben: Member, sandbox: Sandbox, others: dict[str, Any]
) -> None:
    reference = hold(as_ana, 31, capacity=1)
    yoga = ClassSession.objects.get()
    WaitlistEntry.objects.create(member=ben, session=yoga, joined_at=timezone.now(), **others)
    with watched() as used:
        assert "1 freed" in expire()[1]
    assert used == ([CLAIM] if "offer" in others else [CLAIM, FREE])
    assert status(reference) == ("freed", "expired")
    offered = Booking.objects.filter(member=ben, session=yoga, status="pending").count()
    assert offered == ("offer" in others)
    assert seats_match()


@in_one_statement
def test_who_joins_the_line_while_its_seat_is_freed_is_offered_it(
    as_ana: Caller, as_ben: Caller, ben: Member, sandbox: Sandbox
) -> None:
    """They have locked the full session just before us: we see them, and nobody else sees the seat free.

    The command would offer it at its end: what is looked at is what was written before.
    """
    reference = hold(as_ana, 31, capacity=1)
    yoga = ClassSession.objects.get()
    other = hold(as_ana, 31)
    with meanwhile(lambda: as_ben.post(f"/api/booking/sessions/{yoga.pk}/waitlist/"), before=FREE):
        assert dict(end()) == {reference: Fate.FREED, other: Fate.FREED}
    assert WaitlistEntry.objects.get().offer is not None
    assert Booking.objects.filter(member=ben, status="pending").count() == 1
    assert [status(one) for one in (reference, other)] == [("freed", "expired")] * 2
    assert seats_match()


@in_one_statement
def test_what_the_webhook_has_freed_meanwhile_is_freed_once(as_ana: Caller, sandbox: Sandbox) -> None:
    """The news of our own cancel call is often quicker than we are with the others."""
    first, second = hold(as_ana, 31), hold(as_ana, 31)

    def told() -> None:
        event = sandbox.events("payment_intent.canceled")[0]
        assert tell(event).json() == {"received": "applied"}
        ended.append(Payment.objects.get(status="void"))

    ended: list[Payment] = []
    with CaptureQueriesContext(connection) as asked, meanwhile(told, before=FREE):
        assert "2 freed" in expire()[1]
    alone = [one for one in asked if one["sql"].startswith('SELECT "payments_payment"') and "FOR NO KEY" in one["sql"]]
    assert len(alone) == 1, "the other is freed by the statement"
    assert Payment.objects.get(pk=ended[0].pk).ended_at == ended[0].ended_at
    for reference in (first, second):
        assert as_ana.history(reference) == [(None, "pending", "hold"), ("pending", "freed", "expired")]
    assert Message.objects.filter(kind="hold_expired").count() == 2
    assert seats_match()


@in_one_statement
@pytest.mark.parametrize(
    ("change", "ends"),
    [
        pytest.param(
            lambda: ClassSession.objects.update(capacity=3, extra_seats=1, seats_taken=3),
            ("freed", "void", (2, 0, 2), 1),
            id="an extra seat goes as it came",
        ),
        pytest.param(
            lambda: ClassSession.objects.update(seats_taken=0),
            ("pending", "voiding", (2, 0, 0), 0),
            id="no seat to give back",
        ),
        pytest.param(
            lambda: Payment.objects.update(void_reason="member_cancelled"),
            ("freed", "void", (2, 0, 0), 0),
            id="ended for another reason",
        ),
        pytest.param(
            lambda: Booking.objects.update(status="freed", ended_at=timezone.now()),
            ("freed", "void", (2, 0, 1), 0),
            id="freed by a hurried hand",
        ),
    ],
)
def test_what_is_not_plain_any_more_goes_the_other_way(
    as_ana: Caller, sandbox: Sandbox, caplog: Any, change: Callable[[], Any], ends: Any
) -> None:
    hold(as_ana, 31, capacity=2)
    with watched() as used, meanwhile(change, before=FREE):
        expire()
    assert used == [CLAIM, FREE]
    booking = Booking.objects.select_related("payment", "session").get()
    yoga, payment = booking.session, booking.payment
    seats = (yoga.capacity, yoga.extra_seats, yoga.seats_taken)
    assert (booking.status, payment.status, seats, Message.objects.count()) == ends
    assert payment.void_claimed_at is None
    assert "could not be freed together" not in caplog.text, "it was seen, and the database need not refuse it"


@in_one_statement
def test_one_that_the_database_refuses_keeps_none_of_the_others(as_ana: Caller, sandbox: Sandbox, caplog: Any) -> None:
    first, poisoned, last = (hold(as_ana, 31) for _ in range(3))
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE booking_booking ADD CONSTRAINT poison CHECK (status <> 'freed' OR reference <> %s) NOT VALID",
            [poisoned],
        )
    try:
        code, line = expire()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE booking_booking DROP CONSTRAINT poison")
    assert (code, "2 freed" in line, "1 unfinished" in line) == (1, True, True)
    assert "could not be freed together" in caplog.text
    assert [status(one)[0] for one in (first, poisoned, last)] == ["freed", "pending", "freed"]
    assert expire()[0] == 0
    assert seats_match()


@in_one_statement
def test_a_run_that_ends_in_the_midst_lets_go_of_what_it_has_claimed(as_ana: Caller, sandbox: Sandbox) -> None:
    """It keeps what Stripe has answered: a void that was begun, which the next run finishes."""
    reference = hold(as_ana, 31)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), meanwhile(stop, before=FREE):
        expire()
    payment = Payment.objects.get()
    assert (payment.status, payment.void_claimed_at) == ("voiding", None)
    assert status(reference)[0] == "pending"
    assert "1 freed" in expire()[1]


@in_one_statement
def test_an_older_claim_belongs_to_a_run_that_has_died(as_ana: Caller, sandbox: Sandbox) -> None:
    hold(as_ana, 31)
    Payment.objects.update(void_claimed_at=timezone.now() - timedelta(minutes=9))
    assert "0 freed" in expire()[1]
    Payment.objects.update(void_claimed_at=timezone.now() - timedelta(minutes=11))
    with watched() as used:
        assert "1 freed" in expire()[1]
    assert used == [CLAIM, FREE]


@in_one_statement
def test_those_whose_answer_has_come_do_not_wait_for_one_that_hangs(as_ana: Caller, sandbox: Sandbox) -> None:
    slow, *others = (hold(as_ana, minutes) for minutes in (33, 32, 31))
    intent = Booking.objects.get(reference=slow).payment.stripe_intent_id
    sandbox.fault("hang_before", f"/{intent}/cancel$", seconds=TOGETHER_SECONDS + 2)
    ended = expire("-v", "2")[1].splitlines()[:3]
    assert ended[-1] == f"{slow} freed"
    assert sorted(ended[:2]) == sorted(f"{other} freed" for other in others)


@in_one_statement
def test_what_is_freed_has_no_claim_left_that_somebody_would_have_to_take_away(
    as_ana: Caller, sandbox: Sandbox
) -> None:
    hold(as_ana, 31)
    [claimed] = express_expiry.claim(
        list(Booking.objects.values_list("pk", flat=True)), created_before=None, now=timezone.now()
    )
    canceled = Intent.from_stripe(sandbox.cancel(claimed.stripe_intent_id))
    assert express_expiry.free([(claimed, canceled)], by="test", now=timezone.now()) == {claimed.booking_id}
    assert Payment.objects.get().void_claimed_at is None


def test_where_the_database_cannot_do_it_none_is_claimed(as_ana: Caller, sandbox: Sandbox) -> None:
    hold(as_ana, 31)
    stale = list(Booking.objects.values_list("pk", flat=True))
    claimed = express_expiry.claim(stale, created_before=None, now=timezone.now())
    assert len(claimed) == ON_POSTGRESQL
