"""The studio cancels a session: everybody is sent home, and everything that was paid is returned.

Note [One by one]: the session is closed first, in a transaction of its own, so that nobody books it any more; then each
booking is ended in its own. Whatever stops this halfway, a crash, a silent Stripe or a page that must answer, the same
call goes on with what is left, and no booking is returned twice. Who was sent an offer while we looked stands in the
next look. When nobody calls again, the expiry command goes on.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from booking import cancellation, quotes, waitlist
from booking.cancellation import CALLED_OFF
from booking.exceptions import NotCancellable, SessionClosed
from booking.models import Booking, ClassSession, WaitlistEntry
from members import acts
from members.models import Member
from payments.exceptions import PaymentsUnavailable
from payments.models import Payment

logger = logging.getLogger(__name__)
# A hold that is paid, or an offer that is taken, while we end it is looked at again.
TRIES = 3
UNDECIDED = "Its payment is not decided yet; once it is, everything goes back. Cancel the session again to see."
FAILED = "Something went wrong, and it was written down. Cancel the session again to go on."


@dataclass(frozen=True)
class Ending:
    """What became of one booking: what was returned, in minor units or credits, or why it could not be ended yet."""

    reference: str
    status: str
    returns: str
    amount: int
    currency: str
    credits: int
    done: bool
    why: str


def cancel(session: ClassSession, *, actor: Member, now: datetime) -> list[Ending]:
    """Cancel a session that has not begun and return everything; repeated, it goes on with what is left.

    Network between short transactions, for holds alone; what goes wrong with one booking stands in its ending, and
    never raises. SessionClosed when the session has begun.
    """
    close(session, actor=actor, now=now)
    tried = dict(end([session.pk], by=f"staff:{actor.pk}", now=now))
    rows = Booking.objects.filter(Q(pk__in=tried) | Q(ended_reason=CALLED_OFF), session=session)
    return [_ending(booking, tried.get(booking.pk, "")) for booking in rows.select_related("payment").order_by("pk")]


def close(session: ClassSession, *, actor: Member, now: datetime, reason: str = "") -> None:
    """Take a session off the schedule for good, with one line in the log, and send home who waits for it.

    Two short transactions, no network; its bookings are left to `end`. Repeatable. SessionClosed when it has begun.
    """
    try:
        with transaction.atomic():
            acts.record(
                actor=actor,
                act="cancel_session",
                subject=f"session:{session.pk}",
                now=now,
                before={"status": ClassSession.Status.SCHEDULED, "seats_taken": session.seats_taken},
                after={"status": ClassSession.Status.CANCELLED},
                reason=reason,
            )
            if not session.cancel(now=now):
                raise SessionClosed
    except SessionClosed:
        session.refresh_from_db()
        if session.status != ClassSession.Status.CANCELLED:
            raise
    waitlist.close(session, now=now)


def end(sessions: Collection[int], *, by: str, now: datetime) -> Iterator[tuple[int, str]]:
    """End the bookings of cancelled sessions one by one, as far as it is asked on: each with why it was not ended.

    What is paid comes first: it needs no network. Who books or is offered a seat meanwhile comes after.
    """
    tried: set[int] = set()
    while holding := list(_holding(sessions).exclude(pk__in=tried).values_list("pk", flat=True)):
        for pk in holding:
            tried.add(pk)
            yield pk, _end(pk, by=by, now=now)


def unfinished() -> QuerySet[Booking]:
    """What is still paid for sessions that were cancelled: their cancellation is at work, or was stopped halfway."""
    cancelled = {"session__status": ClassSession.Status.CANCELLED}
    return Booking.objects.filter(status=Booking.Status.PAID, **cancelled).order_by("pk")


def finish(*, by: str, now: datetime) -> tuple[int, int]:
    """Do what a crash has left of any cancellation, but for its holds, which expire; how many ended, and did not.

    No network.
    """
    waiting = WaitlistEntry.objects.filter(WaitlistEntry.WAITING).values("session")
    for session in ClassSession.objects.filter(pk__in=waiting, status=ClassSession.Status.CANCELLED):
        waitlist.close(session, now=now)
    left = [_end(pk, by=by, now=now) for pk in unfinished().values_list("pk", flat=True)]
    return left.count(""), len(left) - left.count("")


def _holding(sessions: Collection[int]) -> QuerySet[Booking]:
    """Paid ones first, by their word."""
    cancelled = ClassSession.Status.CANCELLED
    rows = Booking.objects.filter(session__in=sessions, session__status=cancelled, status__in=Booking.HOLDING)
    return rows.order_by("status", "pk")


def _end(booking_id: int, *, by: str, now: datetime) -> str:
    """End one booking; why not, if it holds its seat still."""
    try:
        for _ in range(TRIES):
            if _try_to_end(booking_id, by=by, now=now):
                return ""
    except PaymentsUnavailable as error:
        return str(error.detail)
    except Exception:
        # One poisoned row must not keep the others waiting.
        logger.exception("The booking %s of a cancelled session could not be ended", booking_id)
        return FAILED
    return UNDECIDED


def _try_to_end(booking_id: int, *, by: str, now: datetime) -> bool:
    booking = Booking.objects.select_related("payment", "session", "member", "credit_spend").get(pk=booking_id)
    try:
        if booking.status == Booking.Status.PAID:
            everything = quotes.in_full(booking, now=now)
            cancellation.give_back(booking, everything, by=by, reason=CALLED_OFF, now=now)
        elif booking.status == Booking.Status.PENDING:
            cancellation.give_up(booking, by=by, reason=CALLED_OFF, now=now)
    except NotCancellable:
        return False
    return True


def _ending(booking: Booking, why: str) -> Ending:
    done = booking.status not in Booking.HOLDING
    amount, credits = booking.returned_amount, booking.returned_credits
    payment = booking.payment
    if booking.status == Booking.Status.FREED and payment is not None and payment.status == Payment.Status.PAID:
        # Its money came while the hold was ended, and is owed back by that.
        amount = payment.amount_received
    returns = quotes.way(amount, credits, at_desk=quotes.is_at_desk(booking))
    return Ending(
        booking.reference, booking.status, returns, amount, booking.currency, credits, done, "" if done else why
    )
