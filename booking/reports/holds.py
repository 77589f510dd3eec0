"""Holds that were paid against holds that ran out, and how long paying took.

Only holds that began as such: an offer of the waitlist has a deadline of its own, and is told of there.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from booking.models import Booking, WaitlistEntry
from booking.reports.moments import Seconds, minutes_begun
from booking.reports.span import Span

LENGTHS = (5, 10, 15, 20, 30, 45, 60)
PAID, EXPIRED, GIVEN_UP, FAILED, OPEN, OTHER = "paid", "expired", "given up", "failed", "open", "other"
OUTCOMES = (PAID, EXPIRED, GIVEN_UP, FAILED, OTHER, OPEN)
REASONS = {
    "expired": EXPIRED,
    "member": GIVEN_UP,
    "payment_failed": FAILED,
    "payment_rejected": FAILED,
    "payment_canceled": FAILED,
}


@dataclass
class Holds:
    """What became of them; `minutes` counts the paid ones by how many minutes had begun when they were."""

    outcomes: Counter[str] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    blocked_seconds: int = 0

    def lost(self, length: int) -> int:
        """How many that were paid would not have been, had holds stood for so many minutes."""
        return sum(count for minutes, count in self.minutes.items() if minutes > length)

    def blocked(self, length: int) -> int:
        """The seat-minutes that would at most have been kept for nobody: by who never paid, or not in time."""
        return (self.outcomes[EXPIRED] + self.lost(length)) * length

    def add(self, row: dict[str, Any], sign: int) -> None:
        outcome = _outcome(row["status"], row["ended_reason"], row["took"])
        self.outcomes[outcome] += sign * row["count"]
        if outcome == PAID:
            self.minutes[row["took"]] += sign * row["count"]
        elif outcome == EXPIRED:
            self.blocked_seconds += sign * row["blocked"]


def holds(span: Span) -> Holds:
    """The card holds that were made in that time. Two queries: all, less the few that were offers."""
    made = Booking.objects.using(span.database).filter(
        payment__isnull=False, **span.within("created_at"), **span.of_kind("session__")
    )
    found = Holds()
    for row in _grouped(made):
        found.add(row, 1)
    for row in _grouped(made.filter(pk__in=WaitlistEntry.objects.filter(offer__isnull=False).values("offer"))):
        found.add(row, -1)
    return found


def _grouped(made: QuerySet[Booking]) -> Any:
    waited = Seconds(F("ended_at"), F("created_at"))
    grouped = made.order_by().annotate(took=minutes_begun("paid_at", "created_at"))
    return grouped.values("status", "ended_reason", "took").annotate(
        count=Count("*"), blocked=Sum(waited, filter=Q(ended_reason="expired"))
    )


def _outcome(status: str, reason: str, took: int | None) -> str:
    if took is not None:
        return PAID
    return OPEN if status == Booking.Status.PENDING else REASONS.get(reason, OTHER)
