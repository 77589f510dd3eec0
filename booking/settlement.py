"""What the end of a payment does to a booking: paid, freed, seated again, or refunded."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from booking import messages, seats, waitlist
from booking.exceptions import SessionClosed, SessionFull
from booking.models import Booking, ClassSession
from payments import purchases, refunds, unmatched
from payments.models import Payment

logger = logging.getLogger(__name__)


class NotReseated(Exception):
    """This payment does not seat its member again: by policy, or because the booking was not freed."""


def settle(payment: Payment, *, by: str, now: datetime) -> None:
    """Apply the end of a payment to its booking, in the transaction that ended it; told twice it does nothing."""
    if purchases.are_paid_by(payment):
        purchases.settle(payment, by=by, now=now)
        return
    booking = Booking.objects.select_related("session", "member").filter(payment=payment).first()
    if booking is None:
        logger.error("The payment %s belongs to no booking", payment.reference)
        _keep(payment, now)
    elif payment.status == Payment.Status.PAID:
        _paid(booking, payment, by=by, now=now)
    else:
        free(booking, reason=payment.void_reason or "payment_canceled", by=by, now=now)


def free(booking: Booking, *, reason: str, by: str, now: datetime) -> None:
    """End a hold, tell the member and hand the seat on, in the caller's transaction; nothing if it is no hold."""
    if booking.free(by=by, reason=reason, now=now):
        _leave_seat(booking, now)


def lapse(booking: Booking, *, reason: str, by: str, now: datetime) -> bool:
    """End an offer and hand its seat on to the next in line; False when it was taken meanwhile. Opens a transaction."""
    with transaction.atomic():
        lapsed = booking.lapse(by=by, reason=reason, now=now)
        if lapsed:
            _leave_seat(booking, now)
    return lapsed


def lapse_if_over(offer: Booking, session: ClassSession, *, by: str, now: datetime) -> bool:
    """End an offer whose time is over, or whose session takes nobody any more; whether it was. See `lapse`."""
    assert offer.expires_at is not None
    over = offer.expires_at <= now or not session.is_open(now)
    if over:
        lapse(offer, reason="offer_lapsed", by=by, now=now)
    return over


def _leave_seat(booking: Booking, now: datetime) -> None:
    messages.tell_freed(booking, session=booking.session, member=booking.member, now=now)
    waitlist.hand_on(booking.session_id, now=now)


def take_back(payment: Payment, *, by: str, now: datetime) -> None:
    """Undo what a payment brought that turned out never to have been made, in the transaction that found it out."""
    if purchases.are_paid_by(payment):
        purchases.take_back(payment, now=now)
        return
    booking = Booking.objects.select_related("session", "member").filter(payment=payment).first()
    if booking is None:
        return
    free(booking, reason="payment_canceled", by=by, now=now)
    if booking.cancel(by=by, reason="payment_canceled", now=now):
        nothing = "It was never paid, so nothing is returned."
        messages.tell_cancelled(booking, session=booking.session, member=booking.member, returns=nothing, now=now)
        waitlist.hand_on(booking.session_id, now=now)


def _paid(booking: Booking, payment: Payment, *, by: str, now: datetime) -> None:
    # What counts is when the money came, not when we heard of it: the news can be late.
    in_time = booking.session.is_open(payment.ended_at or now)
    if in_time and booking.mark_paid(paid_with=Booking.PaidWith.CARD, by=by, reason="payment_succeeded", now=now):
        messages.tell_paid(booking, session=booking.session, member=booking.member, now=now)
        return
    booking.refresh_from_db(fields=["status"])
    # What it had paid for already stands, or was given back on its own terms: that it succeeds again owes nothing.
    if booking.status in (Booking.Status.PENDING, Booking.Status.FREED):
        _late(booking, payment, by=by, now=now)


def _late(booking: Booking, payment: Payment, *, by: str, now: datetime) -> None:
    """The money came when the hold was gone: seat the member again if that is possible, else owe all of it back."""
    try:
        if settings.LATE_PAYMENT_POLICY == "refund":
            raise NotReseated
        with transaction.atomic():
            if not booking.reseat(by=by, now=now):
                raise NotReseated
            messages.tell_paid(booking, session=booking.session, member=booking.member, now=now)
            seats.take(booking.session, now=now)
    except (NotReseated, SessionFull, SessionClosed, IntegrityError):
        # IntegrityError: the member has meanwhile booked this session again.
        booking.refresh_from_db()
        cancelled = booking.session.status == ClassSession.Status.CANCELLED
        free(booking, reason="session_cancelled" if cancelled else "expired", by=by, now=now)
        refunds.owe_rest(payment, reason="late_payment", now=now)


def _keep(payment: Payment, now: datetime) -> None:
    if payment.status != Payment.Status.PAID:
        return
    unmatched.record(
        payment.stripe_intent_id or str(payment.reference),
        amount=payment.amount_received,
        currency=payment.currency,
        why="it paid for no booking",
        now=now,
        payment=payment,
    )
