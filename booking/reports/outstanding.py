"""Credits that members have and have not spent: what the studio owes in sessions, now, until when, and as it went.

Note [Backwards]: what was outstanding at an earlier moment is what remains in the lots that lived then, less what has
been written into them since. So only the entries since then are read, and no balance is stored.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Sum, Value, When

from booking.reports.moments import piece
from booking.reports.span import Piece, Span
from boundary import studio_clock
from payments.models import CreditEntry, CreditLot, PackPurchase

MONTHS = 12
NEVER = -1


@dataclass(frozen=True)
class Expiry:
    """Credits that expire up to that day, the first of which is the day after the one before; None is never."""

    label: str
    last: date | None
    credits: int


@dataclass(frozen=True)
class Worth:
    """Credits bought in packs, and what was paid for as many, in minor units."""

    currency: str
    credits: int
    amount: int


def by_expiry(span: Span) -> list[Expiry]:
    """What lives now, by the month in which it expires: this one and the next, then later, then never. One query."""
    month, firsts = span.today.replace(day=1), []
    for _ in range(MONTHS):
        month = (month + timedelta(days=31)).replace(day=1)
        firsts.append(month)
    bounds = [span.now, *(studio_clock.moment(first) for first in firsts), studio_clock.moment(firsts[-1])]
    sums = _by_place(_living(span), "expires_at", piece("expires_at", bounds), "remaining")
    ends = [first - timedelta(days=1) for first in firsts]
    named = [Expiry(f"in {last:%B %Y}", last, sums[number]) for number, last in enumerate(ends)]
    return [*named, Expiry("later", None, sums[MONTHS]), Expiry("never", None, sums[NEVER])]


def by_source(span: Span) -> dict[str, int]:
    """What lives now, by where it came from. One query."""
    rows = _living(span).order_by().values("source").annotate(sum=Sum("remaining"))
    return {row["source"]: row["sum"] for row in rows}


def worth(span: Span) -> list[Worth]:
    """What was paid for the credits of packs that live now; exact, and rounded once for each currency. One query."""
    living = PackPurchase.objects.using(span.database).filter(lot__in=_living(span))
    rows = living.order_by().values("currency", "amount", "credits").annotate(left=Sum("lot__remaining"))
    credits: Counter[str] = Counter()
    amounts: dict[str, Fraction] = {}
    for row in rows:
        credits[row["currency"]] += row["left"]
        paid = Fraction(row["amount"] * row["left"], row["credits"])
        amounts[row["currency"]] = amounts.get(row["currency"], Fraction(0)) + paid
    return [Worth(currency, credits[currency], round(amounts[currency])) for currency in sorted(amounts)]


def history(span: Span) -> list[tuple[Piece, int]]:
    """What was outstanding when each piece ended, the present one now; none that is to come. Two queries.

    See Note [Backwards].
    """
    pieces = [one for one in span.pieces if one.first <= span.today]
    if not pieces:
        return []
    ends = [min(studio_clock.moment(one.last + timedelta(days=1)), span.now) for one in pieces]
    lived = Q(expires_at=None) | Q(expires_at__gte=ends[0])
    # A lot's place is the number of ends at which it lived, an entry's that of the ends before it.
    places = [ends[0], *ends, ends[-1]]
    lots = CreditLot.objects.using(span.database).filter(lived)
    remaining = _by_place(lots, "expires_at", piece("expires_at", places), "remaining", never=len(ends))
    entries = CreditEntry.objects.using(span.database).filter(created_at__gte=ends[0], lot__in=lots)
    since = _since(entries, places, len(ends))
    return [
        (
            one,
            sum(left for lived_for, left in remaining.items() if lived_for > number)
            - sum(sum_ for (lived_for, at), sum_ in since.items() if lived_for > number and at > number),
        )
        for number, one in enumerate(pieces)
    ]


def _living(span: Span) -> QuerySet[CreditLot]:
    return CreditLot.objects.using(span.database).filter(
        Q(expires_at=None) | Q(expires_at__gt=span.now), remaining__gt=0
    )


def _by_place(rows: QuerySet, moment: str, place: Any, amount: str, *, never: int = NEVER) -> Counter[int]:
    found = rows.order_by().annotate(place=_or(never, moment, place)).values("place").annotate(sum=Sum(amount))
    return Counter({row["place"]: row["sum"] for row in found})


def _since(entries: QuerySet[CreditEntry], places: list[Any], never: int) -> dict[tuple[int, int], int]:
    lived_for = _or(never, "lot__expires_at", piece("lot__expires_at", places))
    rows = entries.order_by().annotate(lived_for=lived_for, at=piece("created_at", places)).values("lived_for", "at")
    return {(row["lived_for"], row["at"]): row["sum"] for row in rows.annotate(sum=Sum(F("credits")))}


def _or(never: int, moment: str, place: Any) -> Case:
    return Case(When(**{moment: None}, then=Value(never)), default=place, output_field=IntegerField())
