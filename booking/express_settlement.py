"""A success that pays a hold in one statement, where the database can do that (PostgreSQL).

Note [One statement, told by Stripe]: it takes the plain case alone, in which the event speaks our version, its intent
is the one of an open payment and agrees with it, and the hold and its session are still there. Then it writes the very
rows that `payments.webhooks` and `settlement` write one by one, in the same order of locks: the event, the payment, the
booking. Else it writes nothing, and they find out why. See the note [One statement] in `express`.

What was read may have changed when it writes, or while it waits for a lock. So each row is asked again as it is
changed, each part takes only what the one before has changed, and where no booking was paid it fails by its own hand,
dividing by the bookings it paid: none. The session is not locked, and is looked at once more as the statement begins:
whoever cancels it after that comes to the booking later, as paid, and gives the money back.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection
from psycopg.types.json import Jsonb

from booking import messages
from booking.models import Booking, ClassSession
from boundary import one_statement
from members.models import Member
from notifications import outbox
from notifications.models import Message
from payments import outcomes, webhooks
from payments.models import Payment
from payments.outcomes import Outcome
from payments.stripe_client import API_VERSION
from payments.stripe_objects import Event

SUCCEEDED = "payment_intent.succeeded"

HOLD = """SELECT payment.id, payment.reference, payment.amount, payment.currency, booking.reference, session.title,
    session.starts_at, session.status, member.id, member.name
FROM payments_payment payment
JOIN booking_booking booking ON booking.payment_id = payment.id
JOIN booking_classsession session ON session.id = booking.session_id
JOIN members_member member ON member.id = booking.member_id
WHERE payment.stripe_intent_id = %(intent)s AND payment.status = 'open' AND booking.status = 'pending'
"""

STATEMENT = """WITH event AS (
    INSERT INTO payments_stripeevent (event_id, type, payment_id, api_version, created_at, received_at)
    VALUES (%(event)s, %(type)s, %(payment)s, %(api_version)s, %(happened_at)s, %(now)s) RETURNING payment_id
), payment AS (
    UPDATE payments_payment SET status = 'paid', amount_received = amount, ended_at = %(ended_at)s FROM event
    WHERE payments_payment.id = event.payment_id AND status = 'open' AND stripe_intent_id = %(intent)s
    RETURNING payments_payment.id
), booking AS (
    UPDATE booking_booking SET status = 'paid', paid_with = 'card', paid_at = %(now)s
    FROM payment, booking_classsession
    WHERE payment_id = payment.id AND booking_booking.status = 'pending'
    AND booking_classsession.id = session_id AND booking_classsession.status = 'scheduled'
    AND starts_at > %(ended_at)s RETURNING booking_booking.id
), transition AS (
    INSERT INTO booking_bookingtransition (booking_id, from_status, to_status, reason, by, at)
    SELECT id, 'pending', 'paid', 'payment_succeeded', %(by)s, %(now)s FROM booking
), message AS (
    INSERT INTO notifications_message (id, kind, subject, member_id, variables, status, reason, attempts, due_at, sid,
        created_at)
    SELECT %(message)s, 'booking_paid', %(subject)s, %(member)s, %(variables)s, 'queued', '', 0, %(now)s, '', %(now)s
    FROM booking ON CONFLICT DO NOTHING
)
SELECT 1 / (SELECT count(*) FROM booking)
"""


def settle(event: Event, *, now: datetime) -> bool:
    """Store the event, apply it and commit, or write nothing and answer False; see the note. Outside transactions."""
    if connection.vendor != "postgresql" or event.type != SUCCEEDED or event.api_version != API_VERSION:
        return False
    intent = event.intent
    hold = _hold(intent.id)
    if hold is None or hold.payment is None or outcomes.disagreement(hold.payment, intent, Outcome.SUCCEEDED):
        return False
    happened_at = webhooks.happened_at(event, now)
    ended_at = min(happened_at, now)
    if not hold.session.is_open(ended_at):
        return False
    message = messages.paid(hold, session=hold.session, member=hold.member, now=now)
    moments = {"happened_at": happened_at, "ended_at": ended_at, "now": now}
    if not _is_written(_values(event, hold.payment, message) | moments):
        return False
    outbox.send_after_commit(message)
    return True


def _hold(intent_id: str) -> Booking | None:
    """The hold that an open payment of this intent pays for, with what tells of it; no whole rows."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, {"intent": intent_id})
        found = cursor.fetchone()
    if found is None:
        return None
    pk, payment_reference, amount, currency, reference, title, starts_at, status, member, name = found
    asked = {"amount": amount, "currency": currency, "stripe_intent_id": intent_id}
    return Booking(
        reference=reference,
        payment=Payment(pk=pk, reference=payment_reference, **asked),
        session=ClassSession(title=title, starts_at=starts_at, status=status),
        member=Member(pk=member, name=name),
    )


def _is_written(values: dict[str, Any]) -> bool:
    try:
        return one_statement.write(STATEMENT, values) is not None
    except IntegrityError:
        return False  # a twin of the event was quicker


def _values(event: Event, payment: Payment, message: Message) -> dict[str, Any]:
    return {
        "event": event.id,
        "type": event.type,
        "api_version": event.api_version,
        "by": webhooks.told_by(event),
        "payment": payment.pk,
        "intent": payment.stripe_intent_id,
        "message": message.pk,
        "subject": message.subject,
        "member": message.member_id,
        "variables": Jsonb(message.variables),
    }
