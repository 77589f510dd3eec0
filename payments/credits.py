"""The append-only ledger of credits. There is no stored balance: it is the sum over the lots that still live."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from members.models import Member
from payments.exceptions import CreditsMoved, IdempotencyKeyReused
from payments.models import CreditEntry, CreditLot, CreditSpend


def usable(member: Member, *, at: datetime) -> QuerySet[CreditLot]:
    """The lots that can pay for something at that moment, earliest expiry first."""
    living = Q(expires_at=None) | Q(expires_at__gt=at)
    first = (F("expires_at").asc(nulls_last=True), "id")
    return CreditLot.objects.filter(living, member=member, remaining__gt=0).order_by(*first)


def grant(
    *,
    member: Member,
    credits: int,
    note: str,
    granted_by: Member | None,
    now: datetime,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
    source: str = CreditLot.Source.GRANT,
) -> tuple[CreditLot, bool]:
    """Give a member a lot of credits; False beside it when this key had given it before. Opens a transaction."""
    with transaction.atomic():
        asked = {"member": member, "granted": credits, "note": note, "expires_at": expires_at}
        fresh = asked | {"remaining": credits, "source": source, "created_at": now}
        if idempotency_key is None:
            lot, created = CreditLot.objects.create(granted_by=granted_by, **fresh), True
        else:
            lot, created = CreditLot.objects.get_or_create(
                granted_by=granted_by, idempotency_key=idempotency_key, defaults=fresh
            )
        if created:
            CreditEntry.objects.create(lot=lot, kind=CreditEntry.Kind.GRANTED, credits=credits, created_at=now)
        elif any(getattr(lot, name) != value for name, value in asked.items()):
            raise IdempotencyKeyReused
        return lot, created


def promise(*, member: Member, credits: int, subject: str, now: datetime) -> CreditSpend:
    """Write that the subject costs these credits, in the caller's transaction; `spend` takes them."""
    return CreditSpend.objects.create(subject=subject, member=member, credits=credits, created_at=now)


def spend(promised: CreditSpend, *, lots: Iterable[CreditLot], now: datetime) -> None:
    """Take the promised credits from these lots, in their order, in the caller's transaction.

    CreditsMoved when they hold too few by now: the caller's transaction must roll back, and its lots be read again.
    """
    owed, entries = promised.credits, []
    for lot in lots:
        part = min(lot.remaining, owed)
        while part and not lot.withdraw(part):  # another spend was quicker: take what it has left
            lot.refresh_from_db(fields=["remaining"])
            part = min(lot.remaining, owed)
        if not part:
            continue
        owed -= part
        entries.append(CreditEntry(lot=lot, spend=promised, kind=CreditEntry.Kind.SPENT, credits=-part, created_at=now))
        if not owed:
            break
    if owed:
        raise CreditsMoved
    CreditEntry.objects.bulk_create(entries)


def withdraw(lot: CreditLot, credits: int, *, now: datetime) -> bool:
    """Take credits back that were bought, in the caller's transaction; False when fewer than that remain."""
    if not lot.withdraw(credits):
        return False
    CreditEntry.objects.create(lot=lot, kind=CreditEntry.Kind.REFUNDED, credits=-credits, created_at=now)
    return True
