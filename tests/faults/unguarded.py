"""The program as a hurried hand would have written it, for the negative controls: a kill at the right place breaks it.

Served as `tests.faults.unguarded:application`; the program's own code stays as it is.
"""

from datetime import datetime
from typing import Any

from tests.faults.served import application

# isort: split
# What needs Django to be set up, which the line above does.
from django.db import IntegrityError, transaction

from booking import checkout, express, messages, seats
from booking.checkout import Order
from booking.models import Booking
from notifications.models import Message
from payments import credits, webhooks
from payments.models import CreditLot, StripeEvent
from payments.outcomes import Settle
from payments.stripe_objects import Event
from payments.webhooks import Express

__all__ = ["application"]


def store_first_apply_second(event: Event, *, settle: Settle, express: Express, now: datetime) -> str:
    """Stores the event in a transaction of its own: what comes between is never told again."""
    payment_id = webhooks.payment_of(event) if event.type in webhooks.TYPES else None
    if payment_id is None:
        return "ignored"
    try:
        StripeEvent.objects.create(
            event_id=event.id, type=event.type, payment_id=payment_id, created_at=now, received_at=now
        )
    except IntegrityError:
        return "repeated"
    webhooks._apply(event, payment_id, settle=settle, now=now)
    return "applied"


def step_by_step(order: Order) -> None:
    """One statement has nothing between its steps that could go wrong."""


def spend_first_book_second(order: Order, lots: list[CreditLot]) -> Booking:
    """Takes the credits in a transaction of its own: what comes between has cost them, and booked nothing."""
    price, subject = order.session.credits_required, checkout._draft(order).subject
    with transaction.atomic():
        spend = credits.promise(member=order.member, credits=price, subject=subject, now=order.now)
        credits.spend(spend, lots=lots, now=order.now)
    paid = {"paid_with": "credits", "paid_at": order.now, "credits_spent": price, "credit_spend": spend}
    with transaction.atomic():
        booking = checkout._write(order, Booking.Status.PAID, reason="credits", **paid)
        messages.tell_paid(booking, session=order.session, member=order.member, now=order.now)
        seats.take(order.session, now=order.now)
    return booking


def send_without_a_claim(message: Message, now: datetime) -> bool:
    """Writes nothing before it sends: nobody knows afterwards whether it was sent."""
    return True


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (webhooks, "receive", store_first_apply_second),
    (express, "book", step_by_step),
    (checkout, "_book_with_credits", spend_first_book_second),
    (Message, "claim", send_without_a_claim),
)
for owner, name, hurried in REPLACED:
    setattr(owner, name, hurried)
