"""The clock on the studio's wall.

Note [Wall time]: people mean what it shows. A time that the clocks skip is taken as much later as they skip (01:30
becomes 02:30), and one that comes twice as the first of the two.
"""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format

FIRST_YEAR, LAST_YEAR = 2000, 2099


def zone() -> ZoneInfo:
    return ZoneInfo(settings.STUDIO_TIME_ZONE)


def day(text: str) -> date | None:
    """The day that a text names, as 2027-01-31, from FIRST_YEAR to LAST_YEAR; None when it names none."""
    try:
        named = date.fromisoformat(text)
    except ValueError:
        return None
    return named if str(named) == text and FIRST_YEAR <= named.year <= LAST_YEAR else None


def today(now: datetime) -> date:
    """The day it is at the studio."""
    return now.astimezone(zone()).date()


def moment(day: date, at: time = time.min) -> datetime:
    """The moment at which it shows this, in UTC; see the note [Wall time]."""
    return datetime.combine(day, at, tzinfo=zone()).astimezone(UTC)


def written(moment: datetime) -> str:
    """A moment for people, as it shows it."""
    return _written(moment, settings.STUDIO_TIME_ZONE)


@lru_cache(maxsize=1000)
def _written(moment: datetime, zone: str) -> str:
    """Once for all who are told of one session: it takes longer than all else of a message."""
    return date_format(moment.astimezone(ZoneInfo(zone)), "D j M Y, H:i")
