"""Stale holds, and purchases that nobody paid: void the payment first, free what it was for second."""

import logging
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from django.db.models import F, Q, QuerySet

from booking import settlement
from booking.models import Booking, ClassSession, WaitlistEntry
from payments import intents
from payments.exceptions import PaymentsUnavailable, PaymentUndecided
from payments.models import PackPurchase, Payment

T = TypeVar("T")
logger = logging.getLogger(__name__)
BY = "expire_pending_bookings"
AT_ONCE = 3


# No call of ours ends these: the bank, or staff, must decide first.
UNDECIDED = (Payment.Status.PROCESSING, Payment.Status.REVIEW)


class Fate(StrEnum):
    FREED = "freed"
    PAID = "paid"
    KEPT = "kept"
    SILENT = "silent"
    UNFINISHED = "unfinished"
    ELSEWHERE = "elsewhere"


def stale(*, now: datetime, created_before: datetime | None) -> QuerySet[Booking]:
    """The holds to end, oldest first: past their expiry, or every card hold as old as asked for.

    Always among them are the offers that have lapsed or whose member is gone, for the next in line waits for them; the
    holds whose void was begun and not finished; and those of a session that has begun or was cancelled: staff may have
    moved it since.
    """
    old = Q(expires_at__lte=now) if created_before is None else _made_before(created_before)
    lapsed = Q(Q(expires_at__lte=now) | Q(member__is_active=False), payment=None)
    begun = Q(payment__status=Payment.Status.VOIDING)
    closed = Q(session__starts_at__lte=now) | Q(session__status=ClassSession.Status.CANCELLED)
    holds = Booking.objects.filter(old | lapsed | begun | closed, status=Booking.Status.PENDING)
    return holds.select_related("payment", "session", "member").order_by("expires_at", "id")


def _made_before(moment: datetime) -> Q:
    """The card holds made by then; one that was an offer first is made when its member begins to pay for it."""
    pending = WaitlistEntry.objects.filter(offer__status=Booking.Status.PENDING)
    taken_since = pending.filter(offer__payment__created_at__gt=moment)
    return Q(created_at__lte=moment, payment__isnull=False) & ~Q(pk__in=taken_since.values("offer"))


def expire(order: Booking | PackPurchase, *, now: datetime, by: str = BY) -> Fate:
    """End one stale hold or purchase by what Stripe answers.

    Never raises: what goes wrong is logged and left for the next run.
    """
    return attempt(lambda: _end(order, by, now), order.reference)


def attempt(work: Callable[[], T], name: object) -> T | Fate:
    """Do a step of the end of that hold or purchase; its fate where it fails, logged. Never raises."""
    try:
        return work()
    except PaymentUndecided:
        return Fate.UNFINISHED
    except PaymentsUnavailable:
        return Fate.SILENT
    except Exception:
        # One poisoned row must not keep the others waiting.
        logger.exception("The hold %s could not be ended", name)
        return Fate.UNFINISHED


def fate_of(ended: Payment, name: object) -> Fate:
    """What became of that hold or purchase, by how its payment stands after the cancel call; staff's part is logged."""
    if ended.status == Payment.Status.REVIEW:
        logger.error(
            "The hold %s has money in review (%s): look at its payment in the admin and at Stripe",
            name,
            ended.review_reason,
        )
        return Fate.UNFINISHED
    fates = {Payment.Status.VOID: Fate.FREED, Payment.Status.PAID: Fate.PAID}
    return fates.get(Payment.Status(ended.status), Fate.KEPT)


def free_seats(session: ClassSession, *, now: datetime) -> bool:
    """End a few stale holds of a full session for a member who asks for a seat; True when one became free.

    So the seats of a studio come back although its cron job stands still. Network, and bounded: the oldest few holds,
    and none after Stripe was silent once. Those that no call can end are left to the command, or they would stand in
    front of the others for good.
    """
    holds = stale(now=now, created_before=None).filter(session=session).exclude(payment__status__in=UNDECIDED)
    for booking in holds[:AT_ONCE]:
        fate = expire(booking, now=now, by="next_in_line")
        # Freed is not free: its seat goes to whoever waits for it.
        if fate == Fate.FREED and ClassSession.objects.filter(pk=session.pk, seats_taken__lt=F("capacity")).exists():
            return True
        if fate == Fate.SILENT:
            break
    return False


def _end(order: Booking | PackPurchase, by: str, now: datetime) -> Fate:
    payment = order.payment
    if payment is None:
        assert isinstance(order, Booking)
        return Fate.FREED if settlement.lapse(order, reason="offer_lapsed", by=by, now=now) else Fate.ELSEWHERE
    if not payment.claim_void(now):
        return Fate.ELSEWHERE
    try:
        ended = intents.void(payment.pk, reason="expired", settle=settlement.settle, by=by, now=now)
    finally:
        payment.release_void()
    return fate_of(ended, order.reference)
