"""Who had paid and did not come. Sessions in which the desk marked nobody tell nothing, and are left out."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from booking.models import Booking, ClassSession
from booking.reports.moments import piece
from booking.reports.span import Piece, Span

# What counts as not having come, and what shows that somebody looked.
NO_SHOW, LOOKED = Q(checked_in_at=None), Q(checked_in_at__isnull=False) | Q(no_show_at__isnull=False)


@dataclass(frozen=True)
class Attendance:
    """Of one piece: the paid bookings of sessions that were looked after, and those whose member did not come."""

    piece: Piece
    booked: int
    missed: int


def attendance(span: Span) -> list[Attendance]:
    """Every piece, by when its sessions began; only of sessions that are over. One query.

    First by session, to leave out those in which nobody looked, then the sessions of each piece added up.
    """
    over = {"session__status": ClassSession.Status.SCHEDULED, "session__ends_at__lte": span.now}
    paid = Booking.objects.using(span.database).filter(
        status=Booking.Status.PAID, **over, **span.within("session__starts_at")
    )
    sessions = (
        paid.filter(**span.of_kind("session__"))
        .order_by()
        .values("session", piece=piece("session__starts_at", span.bounds))
        .annotate(
            booked=Count("session"), missed=Count("session", filter=NO_SHOW), looked=Count("session", filter=LOOKED)
        )
        .filter(looked__gt=0)
    )
    sums = {
        f"{what}_{number}": Sum(what, filter=Q(piece=number), default=0)
        for number in range(len(span.pieces))
        for what in ("booked", "missed")
    }
    found = sessions.aggregate(**sums)
    return [
        Attendance(one, found[f"booked_{number}"], found[f"missed_{number}"]) for number, one in enumerate(span.pieces)
    ]
