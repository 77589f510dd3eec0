"""How full the sessions were that have taken place, by weekday and hour of the studio's clock.

Note [Seats at the start]: a paid booking is a seat, so the paid bookings of a session are its seats taken less its
holds, of which a few may stand until the next run of the expiry command. The counter is one of the laws, and forty
bookings need not be read for it.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from booking.models import Booking, ClassSession
from booking.reports.span import Span


@dataclass(frozen=True)
class Slot:
    """The sessions that began on that weekday (1 is Monday) in that hour."""

    weekday: int
    hour: int
    sessions: int
    taken: int
    seats: int


def fill(span: Span) -> list[Slot]:
    """Each hour of the week in which something was on, in order. Two queries."""
    took_place: dict[str, Any] = {"status": ClassSession.Status.SCHEDULED, "starts_at__lte": span.now}
    took_place |= span.within("starts_at") | span.of_kind("")
    sessions = ClassSession.objects.using(span.database).filter(**took_place)
    holds = Booking.objects.using(span.database).filter(
        status=Booking.Status.PENDING, **{f"session__{name}": value for name, value in took_place.items()}
    )
    held = {_slot(row): row["held"] for row in _by_hour(holds, "session__starts_at", span).annotate(held=Count("pk"))}
    rows = _by_hour(sessions, "starts_at", span).annotate(
        sessions=Count("pk"), taken=Sum("seats_taken"), seats=Sum("capacity")
    )
    return [
        Slot(*_slot(row), row["sessions"], row["taken"] - held.get(_slot(row), 0), row["seats"])
        for row in sorted(rows, key=_slot)
    ]


def _by_hour(rows: QuerySet, moment: str, span: Span) -> QuerySet:
    weekday, hour = (extract(moment, tzinfo=span.zone) for extract in (ExtractIsoWeekDay, ExtractHour))
    return rows.order_by().annotate(weekday=weekday, hour=hour).values("weekday", "hour")


def _slot(row: dict[str, Any]) -> tuple[int, int]:
    return row["weekday"], row["hour"]
