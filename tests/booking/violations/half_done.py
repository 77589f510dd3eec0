"""Work that stands half-done for too long."""

from booking.models import Booking
from notifications.models import Message
from payments.models import Payment, Refund
from tests.booking.violations.rows import LONG, NOW, Act, card, event


def success_without_effect() -> None:
    event(Payment.objects.get(status="open"), "payment_intent.succeeded")


def cancel_without_effect() -> None:
    event(Payment.objects.get(status="open"), "payment_intent.canceled")


def decline_without_effect() -> None:
    Payment.objects.filter(status="open").update(status="creating")
    event(Payment.objects.get(status="creating"), "payment_intent.payment_failed")


def refund_without_effect() -> None:
    event(card().payment, "refund.updated")


def dispute_without_effect() -> None:
    event(card().payment, "charge.dispute.created")


def stuck_void() -> None:
    Payment.objects.filter(status="open").update(status="voiding", created_at=NOW() - LONG)
    Booking.objects.filter(status="pending").update(expires_at=NOW() - LONG)


def payable_without_a_hold() -> None:
    Payment.objects.filter(status="void").update(status="open")


def unsettled() -> None:
    Payment.objects.filter(status="open").update(status="void")


def old_debt() -> None:
    Refund.objects.update(due_at=NOW() - LONG)


def old_message() -> None:
    one = Message.objects.filter(kind="hold_expired")[0]
    Message.objects.filter(pk=one.pk).update(status="queued", due_at=NOW() - LONG)


VIOLATIONS: list[Act] = [
    ("half_done", 1, success_without_effect),
    ("half_done", 1, cancel_without_effect),
    ("half_done", 1, decline_without_effect),
    ("half_done", 1, refund_without_effect),
    ("half_done", 1, dispute_without_effect),
    ("half_done", 1, stuck_void),
    ("half_done", 1, payable_without_a_hold),
    ("half_done", 1, unsettled),
    ("half_done", 1, old_debt),
    ("half_done", 1, old_message),
]
