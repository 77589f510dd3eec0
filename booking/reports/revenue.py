"""Money that came and money that went back, by when it did; each currency for itself, and nothing ever added up.

What counts is what a payment received while it stands as paid. Money in review and money that belongs to nothing here
is not the studio's yet, and a contested charge is not subtracted: those are matters of the attention page.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, OuterRef, QuerySet, Sum, Value, When

from booking.models import Booking
from booking.reports.moments import piece
from booking.reports.span import Span
from payments.models import PackPurchase, Payment, Refund

BOOKINGS, PACKS, DESK, REFUNDS = "bookings", "packs", "desk", "refunds"
WAYS = (BOOKINGS, PACKS, DESK, REFUNDS)
# As a value, so that this reads the same whether or not the front desk takes money.
PAID_AT_THE_DESK = "desk"


@dataclass(frozen=True)
class Currency:
    """One currency's sums in minor units, by way and then by the span's piece."""

    code: str
    sums: dict[str, list[int]] = field(default_factory=dict)

    def total(self, way: str) -> int:
        return sum(self.sums[way])


def revenue(span: Span) -> list[Currency]:
    """Every currency in which money moved, by its code. Four queries."""
    length = len(span.pieces)
    found: dict[str, Currency] = {}
    for row in (*_paid(span), *_at_the_desk(span), *_refunded(span)):
        empty = {way: [0] * length for way in WAYS}
        currency = found.setdefault(row["currency"], Currency(row["currency"], empty))
        currency.sums[row["way"]][row["piece"]] += row["sum"]
    return [found[code] for code in sorted(found)]


def _paid(span: Span) -> list[dict[str, Any]]:
    paid = Payment.objects.using(span.database).filter(status=Payment.Status.PAID, **span.within("ended_at"))
    pack = When(subject__startswith=PackPurchase.SUBJECT, then=Value(PACKS))
    way = Case(pack, default=Value(BOOKINGS))
    return _sums(_of_kind(paid, "pk", span), span, "ended_at", "amount_received", way)


def _refunded(span: Span) -> list[dict[str, Any]]:
    refunds = Refund.objects.using(span.database).filter(status=Refund.Status.SUCCEEDED, **span.within("ended_at"))
    return _sums(_of_kind(refunds, "payment", span), span, "ended_at", "amount", Value(REFUNDS))


def _at_the_desk(span: Span) -> list[dict[str, Any]]:
    taken = Booking.objects.using(span.database).filter(paid_with=PAID_AT_THE_DESK, **span.of_kind("session__"))
    came = _sums(taken.filter(**span.within("paid_at")), span, "paid_at", "amount", Value(DESK))
    back = taken.filter(returned_amount__gt=0, **span.within("ended_at"))
    return came + _sums(back, span, "ended_at", "returned_amount", Value(REFUNDS))


def _of_kind(rows: QuerySet, payment: str, span: Span) -> QuerySet:
    """Of one kind of session: what was paid for its bookings. A pack is of no kind."""
    if span.kind is None:
        return rows
    return rows.filter(Exists(Booking.objects.filter(payment=OuterRef(payment), **span.of_kind("session__"))))


def _sums(rows: QuerySet, span: Span, moment: str, amount: str, way: Case | Value) -> list[dict[str, Any]]:
    pieces: list[datetime] = span.bounds
    grouped = rows.order_by().annotate(piece=piece(moment, pieces), way=way).values("piece", "currency", "way")
    return list(grouped.annotate(sum=Sum(amount)))
