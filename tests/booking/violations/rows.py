"""What the violations find in the studio of `test_integrity`, and what they add to it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from booking.models import Booking, BookingTransition
from payments.models import Payment, Refund, StripeEvent

NOW = timezone.now
LONG = timedelta(days=2)
# The law, how often it is then broken, and by what.
Act = tuple[str, int, Callable[[], None]]


def card() -> Booking:
    return Booking.objects.select_related("payment").get(paid_with="card", status="paid")


def with_credits() -> Booking:
    return Booking.objects.select_related("credit_spend").get(paid_with="credits")


def event(payment: Payment, type_: str) -> None:
    """News that is stored and had no effect."""
    number = StripeEvent.objects.count()
    StripeEvent.objects.create(
        event_id=f"evt_{number}", type=type_, payment=payment, created_at=NOW(), received_at=NOW()
    )


def refund(payment: Payment, **fields: object) -> Refund:
    """One more refund of the payment, a whole one that was just made unless told otherwise."""
    key = f"more-{Refund.objects.count()}"
    values = {"key": key, "amount": 1500, "currency": "gbp", "reason": "x", "due_at": NOW(), "created_at": NOW()}
    return Refund.objects.create(payment=payment, **values | fields)


def step(booking: Booking, *statuses: str) -> None:
    for from_, to in pairwise(statuses):
        BookingTransition.objects.create(booking=booking, from_status=from_, to_status=to, reason="x", by="x", at=NOW())
