"""Pure rules: no database, no clock, no network."""

from datetime import datetime, timedelta

from django.conf import settings


def hold_expires_at(*, now: datetime, starts_at: datetime) -> datetime:
    """A hold stands for BOOKING_HOLD_MINUTES, and never past the start of its session."""
    return min(now + timedelta(minutes=settings.BOOKING_HOLD_MINUTES), starts_at)
