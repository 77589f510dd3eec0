"""Buy a pack of credits: write the purchase and its payment, then open the payment at Stripe."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from members.models import Member
from payments import intents, purchases
from payments.exceptions import IdempotencyKeyReused, PaymentsNotConfigured
from payments.models import CreditPack, PackPurchase
from payments.rounds import in_rounds

Status = PackPurchase.Status
BY = "member"


@dataclass(frozen=True)
class Bought:
    """The answer to a purchase: its row, whether it is new, and the secret to pay it with while it can be paid."""

    purchase: PackPurchase
    created: bool
    client_secret: str = ""


@dataclass(frozen=True)
class Order:
    """What one request asks for."""

    member: Member
    pack: CreditPack
    key: str | None
    now: datetime
    reference: str


def buy(*, member: Member, pack_id: int, key: str | None, now: datetime) -> Bought:
    """Buy a pack, or answer with the pending purchase of it, or the purchase of the key, that the member has already.

    A short transaction, then a call to Stripe. Raises CreditPack.DoesNotExist, also for one no longer sold, and the
    refusals of the contract; on PaymentsUnavailable the purchase stands, on every other refusal nothing does.
    """

    def attempt(reference: str) -> Bought | None:
        return _look_then_buy(Order(member, CreditPack.objects.get(pk=pack_id), key, now, reference))

    return in_rounds(attempt)


def _look_then_buy(order: Order) -> Bought | None:
    """Answer with the purchase there is, else with a new one; None when what stood in the way is over: look again."""
    found = _own_purchase(order)
    return _buy_new(order) if found is None else _resume(found, order)


def _own_purchase(order: Order) -> PackPurchase | None:
    """The purchase this request repeats: the one made with its key, else the member's pending one of the pack.

    IdempotencyKeyReused when the key stands for another pack.
    """
    of_request = Q(reference=order.reference)
    of_key = Q(idempotency_key=order.key) if order.key is not None else Q(pk=None)
    of_pack = Q(pack=order.pack, status=Status.PENDING)
    rows = PackPurchase.objects.filter(of_request | of_key | of_pack, member=order.member)
    mine = list(rows.select_related("payment"))
    for purchase in mine:
        if order.key is not None and purchase.idempotency_key == order.key:
            if purchase.pack_id != order.pack.pk:
                raise IdempotencyKeyReused
            return purchase
    return mine[0] if mine else None


def _resume(purchase: PackPurchase, order: Order) -> Bought | None:
    """Answer with a purchase that exists, its payment as Stripe sees it; None when it is over: buy anew."""
    created = purchase.reference == order.reference
    repeated = created or (order.key is not None and purchase.idempotency_key == order.key)
    if purchase.status != Status.PENDING:
        return Bought(purchase, created)
    intent = None
    if purchase.expires_at <= order.now:
        intents.void(purchase.payment_id, reason="expired", settle=purchases.settle, by=BY, now=order.now)
    else:
        intent = intents.refresh(purchase.payment, settle=purchases.settle, by=BY, now=order.now)
    purchase.refresh_from_db()
    if purchase.status == Status.FREED and not repeated:
        return None
    return Bought(purchase, created, client_secret=intent.client_secret if intent else "")


def _buy_new(order: Order) -> Bought:
    if not order.pack.active:
        raise CreditPack.DoesNotExist
    if not settings.PAYMENTS_ENABLED:
        raise PaymentsNotConfigured
    purchase = _write(order)
    intent = intents.open_at_stripe(purchase.payment, settle=purchases.settle, by=BY, now=order.now)
    if intent is None:
        purchase.refresh_from_db()
    return Bought(purchase, created=True, client_secret=intent.client_secret if intent else "")


def _write(order: Order) -> PackPurchase:
    """The purchase as it is sold now, and the payment it waits for; Stripe is asked after the commit."""
    pack = order.pack
    purchase = PackPurchase(
        reference=order.reference,
        member=order.member,
        pack=pack,
        name=pack.name,
        credits=pack.credits,
        amount=pack.amount,
        currency=pack.currency,
        valid_days=pack.valid_days,
        idempotency_key=order.key,
        created_at=order.now,
        expires_at=order.now + timedelta(minutes=settings.BOOKING_HOLD_MINUTES),
    )
    with transaction.atomic():
        purchase.payment = intents.propose(
            subject=purchase.subject,
            member=order.member,
            amount=pack.amount,
            currency=pack.currency,
            description=f"{pack.name} ({purchase.reference})",
            now=order.now,
        )
        purchase.save(force_insert=True)
    return purchase
