"""What staff see of one member: the latest of everything, by a fixed number of queries. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from booking.models import Booking, WaitlistEntry
from members.models import Member
from notifications import again
from notifications.models import Message
from notifications.templates import CATALOGUE, preview
from payments import credits
from payments.models import CreditEntry, CreditLot, Dispute, PackPurchase, Payment, Refund

MOST = 50


@dataclass(frozen=True)
class Latest:
    """The latest of many rows, and whether there are more."""

    rows: list[Any]
    more: bool


@dataclass(frozen=True)
class Ledger:
    """A member's credits: what can be spent now, the lots, and each movement with the sum of all lots after it."""

    balance: int
    usable: list[CreditLot]
    lots: Latest
    entries: Latest
    seen: int


@dataclass(frozen=True)
class Paid:
    """A payment with what has gone back or is owed of it, and what is left to give back."""

    payment: Payment
    refunds: list[Refund]
    left: int
    contested: bool

    @property
    def can_return(self) -> bool:
        """Whether staff may give something of it back."""
        return self.payment.status == Payment.Status.PAID and self.left > 0 and not self.contested


@dataclass(frozen=True)
class Told:
    """A message as it reads, and whether staff may send it again."""

    message: Message
    text: str
    can_follow: bool


def coming(member: Member, *, now: datetime) -> Latest:
    """Bookings of sessions that have not begun, the next one first."""
    return _latest(_bookings(member).filter(session__starts_at__gt=now).order_by("session__starts_at", "id"))


def past(member: Member, *, now: datetime) -> Latest:
    """Bookings of sessions that have begun, the last one first."""
    return _latest(_bookings(member).filter(session__starts_at__lte=now).order_by("-session__starts_at", "-id"))


def ledger(member: Member, *, now: datetime) -> Ledger:
    """The member's credits; lots that have expired with something in them stay in the sums after each movement."""
    entries = CreditEntry.objects.filter(lot__member=member)
    latest = _latest(entries.select_related("lot", "spend").order_by("-id"))
    usable = list(credits.usable(member, at=now))
    after, rows = entries.aggregate(sum=Sum("credits"))["sum"] or 0, []
    for entry in latest.rows:
        rows.append((entry, after))
        after -= entry.credits
    return Ledger(
        balance=sum(lot.remaining for lot in usable),
        usable=usable,
        lots=_latest(CreditLot.objects.filter(member=member).order_by("-id")),
        entries=Latest(rows, latest.more),
        seen=latest.rows[0].pk if latest.rows else 0,
    )


def payments(member: Member) -> Latest:
    """The latest payments, the last one first."""
    rows = Payment.objects.filter(member=member).prefetch_related("refunds", "disputes").order_by("-id")
    latest = _latest(rows)
    return Latest([_paid(payment) for payment in latest.rows], latest.more)


def messages(member: Member) -> Latest:
    """What was told to the member, the last first."""
    rows = Message.objects.filter(member=member).annotate(followed=again.followed())
    latest = _latest(rows.order_by("-created_at", "id"))
    return Latest([_told(message) for message in latest.rows], latest.more)


def waited_for(member: Member) -> Latest:
    """The lines the member stood in, the last one first."""
    return _latest(WaitlistEntry.objects.filter(member=member).select_related("session", "offer").order_by("-id"))


def purchases(member: Member) -> Latest:
    """The packs they bought, the last one first."""
    return _latest(PackPurchase.objects.filter(member=member).order_by("-id"))


def notes(member: Member) -> Latest:
    """What staff noted, the last first."""
    return _latest(member.notes.select_related("by").order_by("-id"))


def _latest(rows: QuerySet) -> Latest:
    found = list(rows[: MOST + 1])
    return Latest(found[:MOST], len(found) > MOST)


def _bookings(member: Member) -> QuerySet[Booking]:
    return Booking.objects.filter(member=member).select_related("session")


def _paid(payment: Payment) -> Paid:
    refunds = sorted(payment.refunds.all(), key=lambda refund: refund.pk)
    returning = sum(refund.amount for refund in refunds if refund.status in Refund.RETURNING)
    contested = any(dispute.status not in Dispute.SETTLED for dispute in payment.disputes.all())
    return Paid(payment, refunds, max(payment.amount_received - returning, 0), contested)


def _told(message: Any) -> Told:
    """Without a text where the catalogue no longer knows how it read."""
    try:
        text = preview(message.kind, message.variables) if message.kind in CATALOGUE else ""
    except KeyError:
        text = ""
    return Told(message, text, bool(text) and not message.followed and not again.why_not(message))
