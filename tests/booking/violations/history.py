"""Harm to what is written down and told."""

from booking.models import Booking, BookingTransition
from notifications.models import Message
from tests.booking.violations.rows import Act, card, step


def skipped_transition() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="pending").delete()


def no_transition() -> None:
    BookingTransition.objects.filter(booking=card()).delete()


def illegal_edge() -> None:
    step(card(), "paid", "pending", "paid")


def second_start() -> None:
    step(card(), "", "paid")


def wrong_order() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="").delete()
    step(card(), "", "pending")


def seated_again_before_it_was_freed() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="pending").delete()
    step(card(), "freed", "paid")
    step(card(), "pending", "freed")


def cancelled_before_it_was_paid() -> None:
    booking = card()
    BookingTransition.objects.filter(booking=booking, from_status="pending").delete()
    step(booking, "paid", "cancelled")
    step(booking, "pending", "paid")
    Booking.objects.filter(pk=booking.pk).update(status="cancelled")


def paid_ten_times() -> None:
    """And never freed, as it says it is."""
    BookingTransition.objects.filter(booking__status="freed", from_status="pending").delete()
    for booking in Booking.objects.filter(status="freed"):
        for _ in range(10):
            step(booking, "pending", "paid")


def untold() -> None:
    Message.objects.filter(kind="booking_paid", subject=card().subject).delete()


def failed_without_reason() -> None:
    Message.objects.filter(kind="booking_paid", subject=card().subject).update(status="failed", reason="")


VIOLATIONS: list[Act] = [
    ("transitions", 1, skipped_transition),
    ("transitions", 1, no_transition),
    ("transitions", 1, illegal_edge),
    ("transitions", 1, second_start),
    ("transitions", 1, wrong_order),
    ("transitions", 1, seated_again_before_it_was_freed),
    ("transitions", 1, cancelled_before_it_was_paid),
    ("transitions", 2, paid_ten_times),  # the stale hold, and the late payment
    ("confirmations", 1, untold),
    ("confirmations", 1, failed_without_reason),
]
