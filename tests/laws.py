"""The laws of the house, held against the database that a test has left behind."""

from datetime import timedelta

from django.utils import timezone

from booking import integrity
from notifications import delivery


def broken(later: timedelta = timedelta()) -> dict[str, int]:
    """The laws that are broken, or will be when nothing happens for so long, and how often; messages are sent first."""
    assert delivery.lane.wait(20)
    return {law.name: law.count for law in integrity.check(now=timezone.now() + later) if law.count}
