"""What cancelling sessions would do, before anybody does it: who loses a seat, and what each of them gets back.

Reads only, and as many queries for one booking as for many. What is done in the end is what is right then.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.utils.formats import date_format
from django.utils.timezone import localtime

from booking import quotes
from booking.models import Booking, ClassSession, WaitlistEntry
from payments.currencies import written
from payments.models import CreditEntry, Dispute, Payment, Refund

Status = ClassSession.Status
BEGUN = "It has begun: it will not be cancelled."
DONE = "It is cancelled already, and nothing is left to do."
LEFT = "It is cancelled already; what was left halfway goes on."
EMPTY = "Nobody has booked it or waits for it."
CONTESTED = "The charge is contested: the refund waits until the bank has decided."
KEYLESS = "No key of Stripe's is set: the refund is owed, and sent once there is one."
OF_A_HOLD = {
    Payment.Status.PROCESSING: "The bank is still at work on its payment: the seat is kept until it has decided.",
    Payment.Status.REVIEW: "Its payment does not add up: look at it, for the hold stays until then.",
}


@dataclass(frozen=True)
class Line:
    """One booking: what ends, what it returns in minor units or credits, and what may stand in the way."""

    reference: str
    member: str
    ends: str
    amount: int
    currency: str
    credits: int
    returns: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Outlook:
    """One session: the bookings that would end, who waits for it, and what staff should know."""

    session: ClassSession
    lines: list[Line]
    waiting: list[str]
    warnings: list[str]
    ends: bool


@dataclass
class Totals:
    """All of them added up; money by currency."""

    sessions: int = 0
    waiting: int = 0
    credits: int = 0
    bookings: Counter[str] = field(default_factory=Counter)
    money: Counter[str] = field(default_factory=Counter)
    cash: Counter[str] = field(default_factory=Counter)

    @property
    def ended(self) -> list[str]:
        return [f"{number} {ends}" for ends, number in sorted(self.bookings.items())]

    @property
    def to_cards(self) -> list[str]:
        return _written(self.money)

    @property
    def at_desk(self) -> list[str]:
        return _written(self.cash)


def foresee(ids: Collection[int], *, now: datetime) -> list[Outlook]:
    """The outlook of each session, by start; at most five queries."""
    sessions = list(ClassSession.objects.filter(pk__in=ids).order_by("starts_at", "pk"))
    bookings = list(_holding(ids))
    lots = _lots([booking.credit_spend_id for booking in bookings if booking.credit_spend_id])
    line = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session__in=ids).select_related("member").order_by("pk")
    of_session: dict[int, list[Line]] = defaultdict(list)
    for booking in bookings:
        of_session[booking.session_id].append(_line(booking, lots[booking.credit_spend_id or 0], now))
    names: dict[int, list[str]] = defaultdict(list)
    for entry in line:
        names[entry.session_id].append(str(entry.member))
    return [_outlook(session, of_session[session.pk], names[session.pk], now=now) for session in sessions]


def add_up(outlooks: Collection[Outlook]) -> Totals:
    """What all that ends comes to."""
    totals = Totals()
    for one in outlooks:
        if not one.ends:
            continue
        totals.sessions += 1
        totals.waiting += len(one.waiting)
        for line in one.lines:
            totals.credits += line.credits
            totals.bookings[line.ends] += 1
            money = totals.cash if line.ends == Booking.PaidWith.DESK else totals.money
            money[line.currency] += line.amount
    return totals


def _written(money: Counter[str]) -> list[str]:
    return [written(amount, currency) for currency, amount in sorted(money.items()) if amount]


def _holding(ids: Collection[int]) -> QuerySet[Booking]:
    """With what is returned or owed of each payment, and whether its payer contests it."""
    of_payment = Refund.objects.filter(payment=OuterRef("payment"), status__in=Refund.RETURNING)
    sums = of_payment.order_by().values("payment").annotate(sum=Sum("amount")).values("sum")
    contested = Dispute.objects.filter(payment=OuterRef("payment")).exclude(status__in=Dispute.SETTLED)
    rows = Booking.objects.filter(session__in=ids, status__in=Booking.HOLDING).select_related("member", "payment")
    return rows.annotate(returning=Subquery(sums), contested=Exists(contested)).order_by("pk")


def _lots(spends: list[int]) -> dict[int, list[CreditEntry]]:
    found: dict[int, list[CreditEntry]] = defaultdict(list)
    spent = CreditEntry.objects.filter(kind=CreditEntry.Kind.SPENT, spend__in=spends).select_related("lot")
    for entry in spent.order_by("pk"):
        found[entry.spend_id or 0].append(entry)
    return found


def _outlook(session: ClassSession, lines: list[Line], waiting: list[str], *, now: datetime) -> Outlook:
    if session.status == Status.CANCELLED:
        left = bool(lines or waiting)
        return Outlook(session, lines, waiting, [LEFT if left else DONE], ends=left)
    if session.starts_at <= now:
        return Outlook(session, [], [], [BEGUN], ends=False)
    return Outlook(session, lines, waiting, [] if lines or waiting else [EMPTY], ends=True)


def _line(booking: Booking, spent: list[CreditEntry], now: datetime) -> Line:
    amount, warnings = _money(booking)
    if booking.status == Booking.Status.PENDING:
        ends, returns = ("offer", "Nothing was paid.") if booking.is_offer else ("hold", "Voided; nothing was paid.")
    elif spent:
        ends, returns = "credits", " ".join(_into(entry, now) for entry in spent)
    else:
        ends = booking.paid_with
        way = "in cash, at the desk" if quotes.is_at_desk(booking) else "to the card"
        returns = f"{written(amount, booking.currency)} {way}" if amount else "Nothing"
    credits = sum(-entry.credits for entry in spent)
    member = str(booking.member)
    return Line(booking.reference, member, ends, amount, booking.currency, credits, returns, tuple(warnings))


def _money(booking: Booking) -> tuple[int, list[str]]:
    """What goes back to the card or over the desk, and what may stand in the way of it."""
    payment = booking.payment
    if payment is None:
        return booking.amount if quotes.is_at_desk(booking) else 0, []
    if booking.status == Booking.Status.PENDING:
        why = OF_A_HOLD.get(Payment.Status(payment.status))
        return 0, [why] if why else []
    facts = vars(booking)
    amount = min(booking.amount, max(payment.amount_received - (facts["returning"] or 0), 0))
    warnings = [CONTESTED] if facts["contested"] and amount else []
    if amount < booking.amount:
        rest = written(booking.amount - amount, booking.currency)
        warnings.append(f"{rest} of it went back before, and cannot be returned again.")
    if amount and not settings.PAYMENTS_ENABLED:
        warnings.append(KEYLESS)
    return amount, warnings


def _into(entry: CreditEntry, now: datetime) -> str:
    """Where these credits go: their lot, or in place of an expired one a lot of grace."""
    number = f"{-entry.credits} {'credit' if entry.credits == -1 else 'credits'}"
    until = entry.lot.expires_at
    if until is None:
        return f"{number} to a lot that never expires."
    day = date_format(localtime(until), "j M Y")
    if until > now:
        return f"{number} to the lot that lives until {day}."
    return f"{number} to a new lot for {settings.CREDIT_GRACE_DAYS} days, for theirs has expired on {day}."
