"""Stale holds by the hundred, where the database can do that (PostgreSQL): claimed at once and freed at once.

Note [Many in one statement]: between the claim and the end each hold has its own cancel call at Stripe, as ever
(Note [Void first, free second] in `payments.intents`). These two statements take the plain holds alone: Stripe knows
the intent, nothing but the time has ended the hold, nobody waits for a seat of its session, and no seat of that is an
extra one. They write the very rows that `intents.void` and `settlement` write one by one, in the same order of locks,
each table by its ids: the payments, the bookings, the sessions. Whatever they leave goes that way.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction

from booking import messages
from notifications import outbox
from payments import outcomes
from payments.models import Payment
from payments.models.payment import VOID_CLAIM
from payments.outcomes import Outcome
from payments.stripe_objects import Intent

logger = logging.getLogger(__name__)

CLAIM = """WITH plain AS (
    SELECT payment.id AS payment_id, booking.id, booking.reference, session.id AS session_id, title, starts_at, name
    FROM booking_booking booking
    JOIN payments_payment payment ON payment.id = booking.payment_id
    JOIN booking_classsession session ON session.id = booking.session_id
    JOIN members_member member ON member.id = booking.member_id
    WHERE booking.id = ANY(%(bookings)s)
    AND (booking.expires_at <= %(now)s OR payment.created_at <= %(created_before)s)
    AND payment.stripe_intent_id IS NOT NULL AND session.extra_seats = 0 AND NOT EXISTS (
        SELECT FROM booking_waitlistentry WHERE session_id = session.id AND offer_id IS NULL AND left_at IS NULL
    )
    ORDER BY payment.id FOR NO KEY UPDATE OF payment
)
UPDATE payments_payment payment SET status = 'voiding', void_reason = 'expired', void_claimed_at = %(now)s FROM plain
WHERE payment.id = plain.payment_id AND status IN ('open', 'processing', 'voiding') AND void_reason IN ('', 'expired')
AND (void_claimed_at IS NULL OR void_claimed_at <= %(abandoned)s)
RETURNING payment.id, payment.reference, stripe_intent_id, amount, currency, plain.id, plain.reference, session_id,
    title, starts_at, name
"""

# Bookings by their ids: `status = 'pending'` alone would let it read all holds there are, through the index of holds.
FREE = """WITH payment AS (
    SELECT id FROM payments_payment WHERE id = ANY(%(payments)s) AND status = 'voiding' AND void_reason = 'expired'
    ORDER BY id FOR NO KEY UPDATE
), void AS (
    UPDATE payments_payment SET status = 'void', ended_at = %(now)s, void_claimed_at = NULL FROM payment
    WHERE payments_payment.id = payment.id RETURNING payments_payment.id
), booking AS (
    UPDATE booking_booking SET status = 'freed', ended_reason = 'expired', ended_at = %(now)s FROM void
    WHERE booking_booking.id = ANY(%(bookings)s) AND payment_id = void.id AND status || '' = 'pending'
    RETURNING booking_booking.id, payment_id, session_id, member_id
), transition AS (
    INSERT INTO booking_bookingtransition (booking_id, from_status, to_status, reason, by, at)
    SELECT id, 'pending', 'freed', 'expired', %(by)s, %(now)s FROM booking
), message AS (
    INSERT INTO notifications_message (id, kind, subject, member_id, variables, status, reason, attempts, due_at, sid,
        created_at)
    SELECT letter.id, 'hold_expired', letter.subject, member_id, letter.variables, 'queued', '', 0, %(now)s, '', %(now)s
    FROM booking JOIN unnest(%(bookings)s::bigint[], %(messages)s::uuid[], %(subjects)s::text[], %(variables)s::jsonb[])
    AS letter (booking_id, id, subject, variables) ON booking_id = booking.id ON CONFLICT DO NOTHING
), session AS (
    SELECT id FROM booking_classsession WHERE id IN (SELECT session_id FROM booking) ORDER BY id FOR NO KEY UPDATE
), seats AS (
    UPDATE booking_classsession SET seats_taken = seats_taken - held.seats
    FROM session JOIN (SELECT session_id, count(*) AS seats FROM booking GROUP BY 1) held ON session_id = session.id
    WHERE booking_classsession.id = session.id AND extra_seats = 0 AND seats_taken >= held.seats
    RETURNING held.seats
)
SELECT array_agg(id), (SELECT sum(seats) FROM seats) FROM booking
"""

LINE = """SELECT EXISTS (
    SELECT FROM booking_waitlistentry WHERE session_id = ANY(%s) AND offer_id IS NULL AND left_at IS NULL
)"""


class NotPlain(Exception):
    """Something has changed since these holds were claimed: one by one they find out what."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A claimed hold: what its payment asked for, and what its member is told. No model: there are many of them."""

    payment_id: int
    reference: UUID
    stripe_intent_id: str
    amount: int
    currency: str
    booking_id: int
    booking_reference: str
    session_id: int
    title: str
    starts_at: datetime
    name: str


def claim(booking_ids: Sequence[int], *, created_before: datetime | None, now: datetime) -> list[Hold]:
    """Intend to void the plain ones among these holds, for this run alone; those it got. Outside transactions.

    Plain is one that has expired, or whose payment is as old as asked for.
    """
    if connection.vendor != "postgresql":
        return []
    moments = {"now": now, "created_before": created_before, "abandoned": now - VOID_CLAIM}
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"bookings": list(booking_ids), **moments})
        return [Hold(*row) for row in cursor.fetchall()]


def free(ended: Iterable[tuple[Hold, Intent]], *, by: str, now: datetime) -> set[int]:
    """Free those whose intent is canceled, and that nobody has ended meanwhile; the ids of their bookings.

    Opens a transaction, no network; never raises.
    """
    holds = [hold for hold, intent in ended if _is_plain(hold, intent)]
    if not holds:
        return set()
    try:
        with transaction.atomic():
            return _write(holds, by=by, now=now)
    except NotPlain:
        return set()
    except DatabaseError:
        logger.exception("Holds could not be freed together; one by one they will say which")
        return set()


def release(holds: Sequence[Hold], *, claimed_at: datetime) -> None:
    """Let go of what is left of one's own claim: what was freed has none any more."""
    Payment.objects.filter(pk__in=[hold.payment_id for hold in holds], void_claimed_at=claimed_at).update(
        void_claimed_at=None
    )


def _is_plain(hold: Hold, intent: Intent) -> bool:
    return outcomes.of(intent) == Outcome.CANCELED and not outcomes.disagreement(hold, intent, Outcome.CANCELED)


def _write(holds: list[Hold], *, by: str, now: datetime) -> set[int]:
    letters = {hold.booking_id: uuid4() for hold in holds}
    words = [messages.of_session(name=hold.name, title=hold.title, starts_at=hold.starts_at) for hold in holds]
    values: dict[str, Any] = {
        "payments": [hold.payment_id for hold in holds],
        "bookings": list(letters),
        "messages": list(letters.values()),
        "subjects": [f"booking:{hold.booking_reference}" for hold in holds],
        "variables": [json.dumps(one) for one in words],
        "by": by,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(FREE, values)
        freed, seats = cursor.fetchone()
        # Asked while the seats are locked: see Note [A seat is handed on] in `waitlist`.
        cursor.execute(LINE, [list({hold.session_id for hold in holds})])
        [is_waited_for] = cursor.fetchone()
    if is_waited_for or len(freed or ()) != (seats or 0):
        raise NotPlain
    outbox.send_all_after_commit(letters[booking] for booking in freed or ())
    return set(freed or ())
