"""The append-only ledger of credits. There is no stored balance: it is the sum over the lots that still live."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from members.models import Member
from payments.exceptions import CreditsMoved, IdempotencyKeyReused, InsufficientCredits, LedgerMoved
from payments.models import CreditEntry, CreditLot, CreditSpend


def usable(member: Member, *, at: datetime) -> QuerySet[CreditLot]:
    """The lots that can pay for something at that moment, earliest expiry first."""
    living = Q(expires_at=None) | Q(expires_at__gt=at)
    first = (F("expires_at").asc(nulls_last=True), "id")
    return CreditLot.objects.filter(living, member=member, remaining__gt=0).order_by(*first)


def balance(member: Member, *, at: datetime) -> int:
    """How many credits the member can spend on what is at that moment."""
    return usable(member, at=at).aggregate(sum=Sum("remaining"))["sum"] or 0


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


def give_back(spent: CreditSpend, *, credits: int, now: datetime) -> None:
    """Give credits back to the lots they came from, the longest-living first, in the caller's transaction.

    What a lot has expired for goes through it into one new lot that lives for CREDIT_GRACE_DAYS. Once per spend: the
    database refuses a second time.
    """
    owed, homeless = credits, 0
    # Locked in the order in which spends take them, so that a booking and a cancellation never wait for each other.
    first = (F("expires_at").asc(nulls_last=True), "id")
    touched = spent.entries.filter(kind=CreditEntry.Kind.SPENT).values("lot")
    list(CreditLot.objects.select_for_update(no_key=True).filter(pk__in=touched).order_by(*first).values_list("pk"))
    last = (F("lot__expires_at").desc(nulls_first=True), "-lot")
    for entry in spent.entries.filter(kind=CreditEntry.Kind.SPENT).select_related("lot").order_by(*last):
        part = min(-entry.credits, owed)
        if not part:
            break
        owed -= part
        homeless += _return(entry.lot, spent, part, now)
    if homeless:
        _grant_grace(spent, homeless, now)


def _return(lot: CreditLot, spent: CreditSpend, credits: int, now: datetime) -> int:
    """Put them back into their lot; how many of them can live there no longer."""
    kind = CreditEntry.Kind
    CreditEntry.objects.create(lot=lot, spend=spent, kind=kind.RETURNED, credits=credits, created_at=now)
    if lot.expires_at is None or lot.expires_at > now:
        CreditLot.objects.filter(pk=lot.pk).update(remaining=F("remaining") + credits)
        return 0
    CreditEntry.objects.create(lot=lot, kind=kind.EXPIRED, credits=-credits, created_at=now)
    return credits


def _grant_grace(spent: CreditSpend, credits: int, now: datetime) -> None:
    lot = CreditLot.objects.create(
        member_id=spent.member_id,
        granted=credits,
        remaining=credits,
        source=CreditLot.Source.GRACE,
        grace_of=spent,
        note=f"in place of expired credits, returned from {spent.subject}"[:200],
        expires_at=now + timedelta(days=settings.CREDIT_GRACE_DAYS),
        created_at=now,
    )
    CreditEntry.objects.create(lot=lot, kind=CreditEntry.Kind.GRANTED, credits=credits, created_at=now)


def withdraw(
    lot: CreditLot, credits: int, *, now: datetime, kind: CreditEntry.Kind = CreditEntry.Kind.REFUNDED
) -> bool:
    """Take credits back out of a lot, in the caller's transaction; False when fewer than that remain."""
    if not lot.withdraw(credits):
        return False
    CreditEntry.objects.create(lot=lot, kind=kind, credits=-credits, created_at=now)
    return True


def correct(member: Member, *, credits: int, lot_id: int | None, seen: int, now: datetime) -> bool:
    """Take back what should not be there, in the caller's transaction, which holds the member's lock.

    From the lots as spends take them, or from the one named; by entries of their own, nothing is edited. `seen` is the
    last entry whoever asks has looked at: False when the same was taken since, LedgerMoved when anything else moved,
    InsufficientCredits when fewer are left.
    """
    kind = CreditEntry.Kind.CORRECTED
    since = CreditEntry.objects.filter(lot__member=member, pk__gt=seen).values_list("kind", "credits")
    if since and {moved for moved, _ in since} == {kind} and sum(part for _, part in since) == -credits:
        return False
    if since:
        raise LedgerMoved
    lots = [lot for lot in usable(member, at=now).select_for_update(no_key=True) if lot_id in (None, lot.pk)]
    left = sum(lot.remaining for lot in lots)
    if left < credits:
        raise InsufficientCredits(f"Only {left} can be taken back.")
    for lot in lots:
        part = min(lot.remaining, credits)
        credits -= part
        if part:
            withdraw(lot, part, now=now, kind=kind)
    return True
