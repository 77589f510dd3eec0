"""Pure rules: no database, no clock, no network."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

# What a schedule can hold; the first keeps typing errors out, the second keeps every time a valid one in every zone.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST_SEATS = 100_000
MOST_CREDITS = 10_000


def hold_expires_at(*, now: datetime, starts_at: datetime) -> datetime:
    """A hold stands for BOOKING_HOLD_MINUTES, and never past the start of its session."""
    return min(now + timedelta(minutes=settings.BOOKING_HOLD_MINUTES), starts_at)
