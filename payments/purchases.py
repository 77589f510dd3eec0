"""What the end of a payment does to the purchase of a pack: its credits granted once, freed, or money owed back."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from payments import credits, messages, refunds, unmatched
from payments.exceptions import NotRefundable, PackUsed
from payments.models import CreditLot, PackPurchase, Payment

logger = logging.getLogger(__name__)
Status = PackPurchase.Status


def are_paid_by(payment: Payment) -> bool:
    """Whether this payment is for a pack."""
    return payment.subject.startswith(PackPurchase.SUBJECT)


def stale(*, now: datetime, created_before: datetime | None) -> QuerySet[PackPurchase]:
    """The purchases to end, oldest first: past their expiry, or as old as asked for; always those being voided."""
    old = Q(expires_at__lte=now) if created_before is None else Q(created_at__lte=created_before)
    begun = Q(payment__status=Payment.Status.VOIDING)
    waiting = PackPurchase.objects.filter(old | begun, status=Status.PENDING)
    return waiting.select_related("payment").order_by("expires_at", "id")


def settle(payment: Payment, *, by: str, now: datetime) -> None:
    """Apply the end of a payment to its purchase, in the transaction that ended it; told twice it does nothing."""
    purchase = PackPurchase.objects.select_related("member").filter(payment=payment).first()
    if purchase is None:
        logger.error("The payment %s belongs to no purchase", payment.reference)
        if payment.status == Payment.Status.PAID:
            _queue(payment, "it paid for no purchase", now)
    elif payment.status == Payment.Status.PAID:
        _paid(purchase, payment, now)
    elif purchase.end(Status.PENDING, Status.FREED, reason=payment.void_reason or "payment_canceled", now=now):
        logger.info("The purchase %s was freed by %s", purchase.reference, by)


def take_back(payment: Payment, *, now: datetime) -> None:
    """Undo what a payment brought that turned out never to have been made, in the transaction that found it out.

    Credits that were spent are gone: staff are told of what was never paid for.
    """
    purchase = PackPurchase.objects.select_related("lot").filter(payment=payment).first()
    if purchase is None or purchase.end(Status.PENDING, Status.FREED, reason="payment_canceled", now=now):
        return
    lot = purchase.lot
    if lot is None or not purchase.end(Status.PAID, Status.REFUNDED, reason="payment_canceled", now=now):
        return
    unspent = lot.remaining
    while unspent and not credits.withdraw(lot, unspent, now=now):  # a spend was quicker
        lot.refresh_from_db(fields=["remaining"])
        unspent = lot.remaining
    if unspent < lot.granted:
        _queue(payment, f"{lot.granted - unspent} credits were spent and never paid for", now)


def refund_unused(purchase: PackPurchase, *, now: datetime) -> PackPurchase:
    """Take an unused pack back and owe its whole price; opens a transaction, no network.

    NotRefundable when it is not paid (any more), PackUsed when any of its credits are spent.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=purchase.payment_id)
        purchase = PackPurchase.objects.select_related("lot").get(pk=purchase.pk)
        if not purchase.end(Status.PAID, Status.REFUNDED, reason="staff", now=now):
            raise NotRefundable
        assert purchase.lot is not None, "the database keeps a lot beside each paid purchase"
        if not credits.withdraw(purchase.lot, purchase.lot.granted, now=now):
            raise PackUsed
        refunds.owe_rest(payment, reason="pack_refunded", now=now)
    return purchase


def _paid(purchase: PackPurchase, payment: Payment, now: datetime) -> None:
    """Also when it was freed meanwhile: no seat can have gone to another, so a late payment buys what it was for."""
    if purchase.status == Status.PENDING:
        _grant(purchase, Status.PENDING, now=now)
    elif purchase.status == Status.FREED and settings.LATE_PAYMENT_POLICY == "refund":
        refunds.owe_rest(payment, reason="late_payment", now=now)
    elif purchase.status == Status.FREED:
        _grant(purchase, Status.FREED, now=now)


def _grant(purchase: PackPurchase, from_: PackPurchase.Status, *, now: datetime) -> None:
    valid_until = now + timedelta(days=purchase.valid_days)
    with transaction.atomic():
        lot, _ = credits.grant(
            member=purchase.member,
            credits=purchase.credits,
            note=f"{purchase.name} ({purchase.reference})",
            granted_by=None,
            now=now,
            expires_at=valid_until,
            source=CreditLot.Source.PACK,
        )
        if not purchase.move(from_, Status.PAID, lot=lot, paid_at=now, ended_at=None, ended_reason=""):
            raise RuntimeError(f"the purchase {purchase.reference} moved while its payment was locked")
        messages.tell_pack_paid(purchase, valid_until=valid_until, now=now)


def _queue(payment: Payment, why: str, now: datetime) -> None:
    unmatched.record(
        payment.stripe_intent_id or str(payment.reference),
        amount=payment.amount,
        currency=payment.currency,
        why=why,
        now=now,
        payment=payment,
    )
