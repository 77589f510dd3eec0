"""A member or the studio gives a booking up."""

from datetime import datetime

from booking import settlement
from booking.exceptions import NotCancellable
from booking.models import Booking
from payments import intents


def cancel(booking: Booking, *, by: str, reason: str, now: datetime) -> Booking:
    """Give up a hold: its payment is voided first, its seat freed second.

    Network between short transactions. NotCancellable when it is no hold, or was paid in the meantime;
    PaymentsUnavailable when Stripe did not answer: the hold then stands until it does.
    """
    if booking.is_offer and settlement.lapse(booking, reason=reason, by=by, now=now):
        return booking
    if booking.status != Booking.Status.PENDING or booking.payment_id is None:
        raise NotCancellable
    intents.void(booking.payment_id, reason=reason, settle=settlement.settle, by=by, now=now)
    booking.refresh_from_db()
    if booking.status != Booking.Status.FREED:
        raise NotCancellable
    return booking
