"""What waits to be done, and for how long: the one source of `/readyz`, `/metrics` and the attention page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet

from booking import expiry
from notifications.models import Message
from payments import purchases, refunds
from payments.models import Payment, UnmatchedMoney

# Each is done by a command that cron runs every minute; so long may it be late before someone must look.
PATIENCE = timedelta(minutes=15)
# What cron does, by the command that does it; the rest waits for staff.
CRON = {
    "stale_holds": "expire_pending_bookings",
    "stale_purchases": "expire_pending_bookings",
    "refunds_owed": "submit_refunds",
    "messages_due": "deliver_messages",
}


@dataclass(frozen=True)
class Waiting:
    """How many rows of one kind wait, and how many seconds the oldest is overdue."""

    count: int
    seconds: float

    @property
    def late(self) -> bool:
        return self.seconds > PATIENCE.total_seconds()


def measure(now: datetime, names: Collection[str] | None = None) -> dict[str, Waiting]:
    """Stale holds and purchases, refunds owed, messages due, payments in review, unmatched money; or some of them.

    Reads only. A stale hold that only the bank or staff can end is none of cron's: it is counted apart.
    """
    return {
        name: _waiting(rows, moment, now)
        for name, (rows, moment) in _queues(now).items()
        if names is None or name in names
    }


def _queues(now: datetime) -> dict[str, tuple[QuerySet, str]]:
    """Of each kind the rows that wait, and since when; an index finds them among any number of others."""
    stale = expiry.stale(now=now, created_before=None).order_by()
    undecided = Q(payment__status__in=expiry.UNDECIDED)
    unpaid = purchases.stale(now=now, created_before=None).order_by().exclude(undecided)
    messages = Message.objects.filter(status__in=Message.WAITING, due_at__lte=now)
    return {
        "stale_holds": (stale.exclude(undecided), "expires_at"),
        "undecided_holds": (stale.filter(undecided), "expires_at"),
        "stale_purchases": (unpaid, "expires_at"),
        "refunds_owed": (refunds.due(now=now).order_by(), "due_at"),
        "messages_due": (messages, "due_at"),
        "payments_in_review": (Payment.objects.filter(status=Payment.Status.REVIEW), "ended_at"),
        "unmatched_money": (UnmatchedMoney.objects.filter(resolved_at=None), "found_at"),
    }


def _waiting(rows: QuerySet, moment: str, now: datetime) -> Waiting:
    found = rows.aggregate(count=Count("pk"), oldest=Min(moment, filter=Q(**{f"{moment}__lte": now})))
    return Waiting(found["count"], (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0)
