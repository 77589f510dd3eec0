"""Reminders: once for each booking, some hours before it begins."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from booking import messages
from booking.models import Booking, ClassSession
from notifications.models import Message

BATCH = 500
# Who booked just now, after the moment of the reminder, needs none yet: the confirmation has said it all.
FRESH = timedelta(hours=1)


def due(*, now: datetime) -> QuerySet[Booking]:
    """The paid bookings that begin within REMINDER_HOURS and whose member was not reminded; none when that is 0."""
    soon = {"session__starts_at__gt": now, "session__starts_at__lte": now + timedelta(hours=settings.REMINDER_HOURS)}
    told = Message.objects.filter(kind="reminder", subject=Concat(Value("booking:"), OuterRef("reference")))
    bookings = Booking.objects.filter(
        ~Exists(told),
        status=Booking.Status.PAID,
        session__status=ClassSession.Status.SCHEDULED,
        paid_at__lte=now - FRESH,
        **soon,
    )
    return bookings.select_related("session", "member").order_by("id")


def remind(*, now: datetime, limit: int = BATCH) -> int:
    """Owe a reminder to the next of them, in a transaction of its own; how many were looked at, 0 when none is left.

    A booking that is being changed at this moment, perhaps by a twin of this run, is left for the next run.
    """
    with transaction.atomic():
        held = due(now=now).select_for_update(of=("self",), skip_locked=True, no_key=True)
        bookings = list(held[:limit])
        messages.remind(bookings, now=now)
    return len(bookings)
