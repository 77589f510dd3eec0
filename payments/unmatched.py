"""Money at Stripe that belongs to nothing here: written down once, for staff to deal with."""

import logging
from datetime import datetime

from payments.models import Payment, UnmatchedMoney

logger = logging.getLogger(__name__)
LARGEST = 2**31 - 1


def matched(stripe_id: str, *, now: datetime) -> None:
    """What seemed to belong to nothing has found its place, in the caller's transaction."""
    UnmatchedMoney.objects.filter(stripe_id=stripe_id, resolved_at=None).update(resolved_at=now)


def record(
    stripe_id: str, *, amount: object, currency: object, why: str, now: datetime, payment: Payment | None = None
) -> None:
    """Put it in the queue, in the caller's transaction; the same object is there once, however often it is told."""
    amount = amount if isinstance(amount, int) and 0 < amount <= LARGEST else 0
    money = {"payment": payment, "amount": amount, "currency": str(currency or "")[:3], "why": why[:200]}
    _, created = UnmatchedMoney.objects.get_or_create(stripe_id=stripe_id[:255], defaults=money | {"found_at": now})
    if created:
        logger.error("Money at Stripe belongs to nothing here: %s, %s", stripe_id, why)
