"""Harm to seats and holds."""

from datetime import timedelta

from booking.models import Booking, ClassSession
from payments.models import Payment
from tests.booking.violations.rows import NOW, Act


def wrong_seats() -> None:
    ClassSession.objects.filter(title="First").update(seats_taken=1)


def old_hold() -> None:
    Booking.objects.filter(status="pending").update(expires_at=NOW() - timedelta(hours=1))


def hold_with_a_dead_claim() -> None:
    old_hold()
    Payment.objects.filter(status="open").update(status="voiding", void_claimed_at=NOW() - timedelta(hours=1))


def hold_of_a_cancelled_session() -> None:
    ClassSession.objects.filter(title="Held").update(status="cancelled")
    Booking.objects.filter(status="pending").update(created_at=NOW() - timedelta(hours=1))


VIOLATIONS: list[Act] = [
    ("seats", 1, wrong_seats),
    ("stale_holds", 1, old_hold),
    ("stale_holds", 1, hold_with_a_dead_claim),
    ("stale_holds", 1, hold_of_a_cancelled_session),
]
