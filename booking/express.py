"""A booking with credits in one statement, where the database can do that (PostgreSQL).

Note [One statement]: it takes the plain case alone, in which the member has nothing of the session yet and the first
lot pays for all of it. Then it writes the very rows that `checkout` writes one by one, in the same order of locks; else
it writes nothing, and `checkout` finds out why. What a booking costs is its round trips, and what the ORM does around
each: `make bench-bookings` shows what this buys.

It commits by itself: what other bookings of a hot session wait for is the statement, and not two round trips of ours
besides. So where its rows must not stay it fails by its own hand, dividing by the seats it got: none.
"""

from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from booking import messages
from booking.models import Booking
from booking.orders import BY, Order
from boundary import one_statement
from notifications import outbox
from notifications.models import Message

STATEMENT = """WITH first AS (
    SELECT id, remaining FROM payments_creditlot
    WHERE member_id = %(member)s AND remaining > 0 AND (expires_at IS NULL OR expires_at > %(starts_at)s)
    ORDER BY expires_at NULLS LAST, id LIMIT 1
), lot AS (
    UPDATE payments_creditlot SET remaining = payments_creditlot.remaining - %(price)s FROM first
    WHERE payments_creditlot.id = first.id AND payments_creditlot.remaining >= %(price)s AND NOT EXISTS (
        SELECT FROM booking_booking WHERE member_id = %(member)s
        AND (session_id = %(session)s AND status IN ('pending', 'paid') OR idempotency_key = %(key)s)
    )
    RETURNING payments_creditlot.id
), spend AS (
    INSERT INTO payments_creditspend (subject, member_id, credits, created_at)
    SELECT %(subject)s, %(member)s, %(price)s, %(now)s FROM lot RETURNING id
), booking AS (
    INSERT INTO booking_booking (reference, member_id, session_id, status, pay_with, paid_with, amount, currency,
        credits_spent, credit_spend_id, idempotency_key, created_at, paid_at, ended_reason)
    SELECT %(reference)s, %(member)s, %(session)s, 'paid', %(pay_with)s, 'credits', 0, %(currency)s,
        %(price)s, id, %(key)s, %(now)s, %(now)s, '' FROM spend RETURNING id
), transition AS (
    INSERT INTO booking_bookingtransition (booking_id, from_status, to_status, reason, by, at)
    SELECT id, '', 'paid', 'credits', %(by)s, %(now)s FROM booking
), entry AS (
    INSERT INTO payments_creditentry (lot_id, spend_id, kind, credits, created_at)
    SELECT lot.id, spend.id, 'spent', -%(price)s, %(now)s FROM lot, spend
), message AS (
    INSERT INTO notifications_message (id, kind, subject, member_id, variables, status, reason, attempts, due_at, sid,
        created_at)
    SELECT %(message)s, 'booking_paid', %(subject)s, %(member)s, %(variables)s, 'queued', '', 0, %(now)s, '', %(now)s
    FROM booking
), seat AS (
    UPDATE booking_classsession SET seats_taken = seats_taken + 1 FROM booking
    WHERE booking_classsession.id = %(session)s AND booking_classsession.status = 'scheduled'
    AND starts_at > %(now)s AND seats_taken < capacity RETURNING 1
)
SELECT booking.id, 1 / (SELECT count(*) FROM seat) FROM booking
"""


def book(order: Order) -> Booking | None:
    """Book with credits and commit, or write nothing and answer None; see the note [One statement].

    Outside transactions. Raises what the database raises: IntegrityError when a twin of the request was quicker.
    """
    session = order.session
    in_credits = order.pay_with != Booking.PayWith.CARD and session.amount and session.credits_required
    if connection.vendor != "postgresql" or not in_credits:
        return None
    if order.is_known or not session.is_open(order.now) or session.seats_available <= 0:
        return None
    booking = _written(order)
    message = messages.paid(booking, session=session, member=order.member, now=order.now)
    order.tried[order.reference] = order.reference
    written = one_statement.write(STATEMENT, _values(booking, message))
    if written is None:
        return None  # not plain after all, or the last seat went since the session was read
    booking.pk = written[0]
    outbox.send_after_commit(message)
    return booking


def _written(order: Order) -> Booking:
    return Booking(
        reference=order.reference,
        member=order.member,
        session=order.session,
        status=Booking.Status.PAID,
        pay_with=order.pay_with,
        paid_with=Booking.PaidWith.CREDITS,
        currency=order.session.currency,
        credits_spent=order.session.credits_required,
        idempotency_key=order.key,
        created_at=order.now,
        paid_at=order.now,
    )


def _values(booking: Booking, message: Message) -> dict[str, Any]:
    return {
        "member": booking.member_id,
        "session": booking.session_id,
        "starts_at": booking.session.starts_at,
        "price": booking.credits_spent,
        "currency": booking.currency,
        "pay_with": booking.pay_with,
        "key": booking.idempotency_key,
        "reference": booking.reference,
        "subject": booking.subject,
        "now": booking.created_at,
        "by": BY,
        "message": message.pk,
        "variables": Jsonb(message.variables),
    }
