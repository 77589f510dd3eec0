"""What Stripe says of an intent, moved onto its Payment and handed to whoever the payment was for.

Webhook, sync, resume, void and expiry all come through here. `succeeded` and `canceled` never revert at Stripe, so they
count in any order; everything else is a hint, and the cancel call decides (Note [Void first, free second] in intents).
"""

import logging
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction

from payments import unmatched
from payments.models import Payment
from payments.stripe_objects import Intent

logger = logging.getLogger(__name__)
Status = Payment.Status


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"
    PROCESSING = "processing"
    FAILED = "failed"
    OPEN = "open"


class Asked(Protocol):
    """What an intent was asked for: a Payment, or as much of one."""

    @property
    def reference(self) -> UUID: ...
    @property
    def stripe_intent_id(self) -> str | None: ...
    @property
    def amount(self) -> int: ...
    @property
    def currency(self) -> str: ...


class Settle(Protocol):
    """What the end of a payment does to its subject; called inside the transaction that ends the payment."""

    def __call__(self, payment: Payment, *, by: str, now: datetime) -> None: ...


def of(intent: Intent) -> Outcome:
    """The outcome an intent's present status amounts to."""
    if intent.status in (Outcome.SUCCEEDED, Outcome.CANCELED, Outcome.PROCESSING):
        return Outcome(intent.status)
    return Outcome.FAILED if intent.failure_code else Outcome.OPEN


def apply(
    payment_id: int,
    *,
    intent: Intent,
    outcome: Outcome,
    settle: Settle,
    by: str,
    now: datetime,
    happened_at: datetime | None = None,
) -> Payment:
    """Move the payment to what Stripe says and settle what it was for; a fact told twice does nothing.

    Opens a transaction or joins the caller's; locks the payment before anything else. No network. `happened_at` is when
    it happened at Stripe, where the caller knows better than the intent.
    """
    with transaction.atomic(savepoint=False):
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
        if payment.status == Status.PAID:
            _watch_for_second_payment(payment, intent, outcome, now)
            return payment
        if payment.status == Status.VOID and outcome != Outcome.SUCCEEDED:
            return payment
        if outcome == Outcome.CANCELED and payment.stripe_intent_id not in (None, intent.id):
            return payment  # a twin has ended unpaid: that says nothing of the payment's own intent
        wrong = disagreement(payment, intent, outcome)
        if wrong:
            _review(payment, intent, wrong, now)
        elif outcome in (Outcome.SUCCEEDED, Outcome.CANCELED):
            _end(payment, intent, outcome, min(happened_at or intent.paid_at or now, now))
            settle(payment, by=by, now=now)
        else:
            _note(payment, intent, outcome)
        return payment


def disagreement(payment: Asked, intent: Intent, outcome: Outcome) -> str:
    """Why this intent is not the one the row asked for; empty when mode, amount, currency and metadata agree."""
    if intent.live not in (None, settings.STRIPE_LIVE):
        return f"mode: live is {intent.live!r}"
    if intent.metadata.get("payment") != str(payment.reference):
        return "metadata: names another payment"
    if payment.stripe_intent_id and intent.id != payment.stripe_intent_id:
        return f"intent: {intent.id!r} is not the one on the row"
    if outcome == Outcome.CANCELED:
        return ""  # no money moved, whatever the amount
    amount = intent.amount_received if outcome == Outcome.SUCCEEDED else intent.amount
    if amount != payment.amount:
        return f"amount: {amount!r} instead of {payment.amount}"
    if intent.currency != payment.currency:
        return f"currency: {intent.currency!r} instead of {payment.currency}"
    return ""


def _end(payment: Payment, intent: Intent, outcome: Outcome, ended_at: datetime) -> None:
    if payment.status == Status.REVIEW:
        unmatched.matched(intent.id, now=ended_at)
    if outcome == Outcome.SUCCEEDED:
        payment.change(Status.PAID, stripe_intent_id=intent.id, amount_received=payment.amount, ended_at=ended_at)
    else:
        payment.change(Status.VOID, stripe_intent_id=intent.id, ended_at=ended_at)


def _note(payment: Payment, intent: Intent, outcome: Outcome) -> None:
    """What can still change at Stripe: a decline asks for a void by policy, `processing` takes it back."""
    seen = {"stripe_intent_id": intent.id, "failure_code": intent.failure_code, "decline_code": intent.decline_code}
    if outcome == Outcome.PROCESSING and payment.status != Status.REVIEW:
        payment.change(Status.PROCESSING, void_reason="", **seen)
    elif payment.status in (Status.REVIEW, Status.VOIDING):
        payment.change(Status(payment.status), **seen)
    elif outcome == Outcome.FAILED and settings.PAYMENT_FAILED_POLICY == "void":
        payment.change(Status.VOIDING, void_reason="payment_failed", **seen)
    else:
        payment.change(Status.OPEN, **seen)


def _watch_for_second_payment(payment: Payment, intent: Intent, outcome: Outcome, now: datetime) -> None:
    """A paid row has had its success; one of another intent is money that belongs to nothing here."""
    if outcome == Outcome.SUCCEEDED and intent.id != payment.stripe_intent_id:
        payment.change(Status.PAID, review_reason=f"paid again by {intent.id}"[:200])
        _keep(payment, intent, f"a second payment of {payment.subject}", now)


def _review(payment: Payment, intent: Intent, why: str, now: datetime) -> None:
    """Money or an intent that does not add up is never counted as paid: staff look at it."""
    logger.error("Payment %s needs review: %s", payment.reference, why)
    received = intent.amount_received
    received = received if isinstance(received, int) and 0 < received < 2**31 else 0
    payment.change(
        Status.REVIEW, review_reason=why[:200], amount_received=max(received, payment.amount_received), ended_at=now
    )
    if received:
        _keep(payment, intent, why, now)


def _keep(payment: Payment, intent: Intent, why: str, now: datetime) -> None:
    unmatched.record(
        intent.id, amount=intent.amount_received, currency=intent.currency, why=why, now=now, payment=payment
    )
