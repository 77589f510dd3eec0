"""What became of places in line: offered, taken, lapsed, left, or never offered anything."""

from collections import Counter

from django.db.models import Case, Count, Q, Value, When

from booking.models import Booking, ClassSession, WaitlistEntry
from booking.reports.span import Span

TAKEN, LAPSED, DECLINED, OFFERED = "taken", "lapsed", "given up", "offered now"
LEFT, CALLED_OFF, NEVER, WAITING = "left the line", "session called off", "never offered", "waiting now"
OFFERS = (TAKEN, LAPSED, DECLINED, OFFERED)
FATES = (*OFFERS, LEFT, CALLED_OFF, NEVER, WAITING)


def fates(span: Span) -> Counter[str]:
    """The places that were joined in that time, by what became of them. One query.

    Taken is an offer that was paid for, whatever came later; lapsed one that nobody paid for in time.
    """
    joined = WaitlistEntry.objects.using(span.database).filter(**span.within("joined_at"), **span.of_kind("session__"))
    off = Q(session__status=ClassSession.Status.CANCELLED)
    fate = Case(
        When(Q(offer=None) & off, then=Value(CALLED_OFF)),
        When(offer=None, left_at__isnull=False, then=Value(LEFT)),
        When(offer=None, session__starts_at__lte=span.now, then=Value(NEVER)),
        When(offer=None, then=Value(WAITING)),
        When(offer__paid_at__isnull=False, then=Value(TAKEN)),
        When(offer__status=Booking.Status.PENDING, then=Value(OFFERED)),
        When(offer__ended_reason="member", then=Value(DECLINED)),
        default=Value(LAPSED),
    )
    rows = joined.order_by().annotate(fate=fate).values("fate").annotate(count=Count("pk"))
    return Counter({row["fate"]: row["count"] for row in rows})
