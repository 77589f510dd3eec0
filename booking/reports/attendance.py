"""Who had paid and did not come. Sessions in which nobody was checked in tell nothing, and are left out."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from booking.models import Booking, ClassSession
from booking.reports.moments import piece
from booking.reports.span import Piece, Span

# What counts as not having come, and what shows that somebody looked. Once bookings keep the moment at which they were
# marked: Q(no_show_at__isnull=False), and Q(checked_in_at__isnull=False) | Q(no_show_at__isnull=False).
NO_SHOW, LOOKED = Q(checked_in_at=None), Q(checked_in_at__isnull=False)


@dataclass(frozen=True)
class Attendance:
    """Of one piece: the paid bookings of sessions that were looked after, and those whose member did not come."""

    piece: Piece
    booked: int
    missed: int


def attendance(span: Span) -> list[Attendance]:
    """Every piece, by when its sessions began; only of sessions that are over. One query."""
    over = {"session__status": ClassSession.Status.SCHEDULED, "session__ends_at__lte": span.now}
    looked = Exists(Booking.objects.filter(LOOKED, session=OuterRef("session"), status=Booking.Status.PAID))
    paid = Booking.objects.filter(looked, status=Booking.Status.PAID, **over, **span.within("session__starts_at"))
    rows = (
        paid.filter(**span.of_kind("session__"))
        .order_by()
        .annotate(piece=piece("session__starts_at", span.bounds))
        .values("piece")
        .annotate(booked=Count("pk"), missed=Count("pk", filter=NO_SHOW))
    )
    found = {row["piece"]: (row["booked"], row["missed"]) for row in rows}
    return [Attendance(one, *found.get(number, (0, 0))) for number, one in enumerate(span.pieces)]
