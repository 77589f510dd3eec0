"""A member or the studio gives a booking up."""

from datetime import datetime

from django.db import transaction

from booking import messages, quotes, settlement, waitlist
from booking.exceptions import NotCancellable
from booking.models import Booking, ClassSession
from booking.quotes import Quote
from payments import credits, intents, refunds
from payments.models import Payment

CALLED_OFF = "session_cancelled"


def cancel(booking: Booking, *, by: str, reason: str, now: datetime, quote: str | None = None) -> Booking:
    """Give a booking up: a hold is voided first and freed second, what was paid is returned as quoted, or by the terms.

    Of a session that the studio has cancelled, or moved since, everything is returned, whatever the terms were. Network
    between short transactions, for a hold alone. NotCancellable when it has ended or was paid in the meantime;
    QuoteNotValid; PaymentsUnavailable when Stripe did not answer: the hold then stands until it does.
    """
    if booking.status not in Booking.HOLDING:
        raise NotCancellable
    is_paid = booking.status == Booking.Status.PAID
    if is_paid:
        _refuse_a_begun_one(booking, now)
    promised = quotes.read(quote, booking=booking, now=now) if quote is not None else None
    if not is_paid:
        return give_up(booking, by=by, reason=reason, now=now)
    # Its member may be quicker than what ends the bookings of a cancelled session one by one.
    called_off = booking.session.status == ClassSession.Status.CANCELLED
    returned = promised if promised and not quotes.is_owed_in_full(booking) else quotes.draw(booking, now=now)
    reason = CALLED_OFF if called_off else reason
    return give_back(booking, returned, by=by, reason=reason, now=now, attended=False)


def give_up(booking: Booking, *, by: str, reason: str, now: datetime) -> Booking:
    """End a hold or an offer; like `cancel`."""
    if booking.is_offer and settlement.lapse(booking, reason=reason, by=by, now=now):
        return booking
    if booking.status != Booking.Status.PENDING or booking.payment_id is None:
        raise NotCancellable
    intents.void(booking.payment_id, reason=reason, settle=settlement.settle, by=by, now=now)
    booking.refresh_from_db()
    if booking.status != Booking.Status.FREED:
        raise NotCancellable
    return booking


def give_back(booking: Booking, quote: Quote, *, by: str, reason: str, now: datetime, attended: bool = True) -> Booking:
    """End a paid booking and owe what the quote says, once; NotCancellable when somebody was quicker.

    Money taken at the desk is owed there: the booking says so until staff have handed it back. With `attended` off a
    check-in or a no-show counts as quicker too. One transaction, no network: the refund is tried after the
    commit, and `submit_refunds` does what that misses.
    """
    with transaction.atomic():
        payment = None
        amount = quote.amount if booking.paid_with in Booking.IN_MONEY else 0
        if booking.payment_id is not None:
            payment = Payment.objects.select_for_update(no_key=True).get(pk=booking.payment_id)
            # What has gone back meanwhile in Stripe's dashboard is no longer there to return.
            amount = min(amount, refunds.returnable(payment))
        spend = booking.credit_spend
        credit = quote.credits if spend is not None else 0
        if not booking.cancel(by=by, reason=reason, now=now, amount=amount, credits=credit, attended=attended):
            raise NotCancellable
        if payment is not None and amount:
            refund = refunds.owe(payment, amount=amount, reason="cancelled", now=now)
            refunds.submit_after_commit(refund, now=now)
        if spend is not None and credit:
            credits.give_back(spend, credits=credit, now=now)
        messages.tell_cancelled(
            booking, session=booking.session, member=booking.member, returns=quotes.sentence(booking), now=now
        )
        waitlist.hand_on(booking.session_id, now=now)
    return booking


def _refuse_a_begun_one(booking: Booking, now: datetime) -> None:
    if booking.is_seen or booking.session.starts_at <= now:
        raise NotCancellable
