"""Open and void a Payment.

Note [Void first, free second]: a decline or an expired hold is no end at Stripe, the same intent can still be paid.
So a seat is given back only after the cancel call has answered: canceled, free it; already succeeded, it is paid; still
processing, keep it; no answer, keep it and let the next run ask again. The call is the arbiter between paid and freed.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db import transaction

from boundary.after_commit import Lane
from members.models import Member
from payments import outcomes, stripe_client
from payments.exceptions import PaymentRejected, PaymentsUnavailable, PaymentUndecided
from payments.models import Payment
from payments.outcomes import Asked, Outcome, Settle
from payments.stripe_objects import Intent

T = TypeVar("T")
logger = logging.getLogger(__name__)
lane = Lane("voids", workers=2)

PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def propose(*, subject: str, member: Member, amount: int, currency: str, description: str, now: datetime) -> Payment:
    """Write the intention to take this money, in the caller's transaction; amount and currency are frozen here."""
    return Payment.objects.create(
        subject=subject,
        member=member,
        amount=amount,
        currency=currency,
        description=f"{settings.STRIPE_PAYMENT_DESCRIPTION_PREFIX} {description}".strip()[:300],
        site=settings.SITE,
        created_at=now,
    )


def open_at_stripe(payment: Payment, *, settle: Settle, by: str, now: datetime) -> Intent | None:
    """Create the payment's intent, or continue an attempt nobody heard the end of; None when it has meanwhile ended.

    Network, then a short transaction. PaymentRejected: refused for good, and settled as void. PaymentsUnavailable: no
    answer, everything stands, and the same call continues it.
    """
    try:
        intent = _create(payment, now)
    except stripe_client.StripeUnavailable as error:
        raise PaymentsUnavailable from error
    except stripe_client.StripeRejected as error:
        ended = _settle_void(payment.pk, reason="payment_rejected", code=str(error), settle=settle, by=by, now=now)
        raise (PaymentRejected if ended.status == Payment.Status.VOID else PaymentsUnavailable) from error
    if outcomes.disagreement(payment, intent, Outcome.OPEN):
        logger.error("Stripe opened something else than payment %s asked for", payment.reference)
        ended = void(payment.pk, reason="payment_rejected", settle=settle, by=by, now=now)
        raise PaymentRejected if ended.status == Payment.Status.VOID else PaymentsUnavailable
    if not payment.remember_intent(intent.id) or outcomes.of(intent) != Outcome.OPEN:
        payment = outcomes.apply(payment.pk, intent=intent, outcome=outcomes.of(intent), settle=settle, by=by, now=now)
    return intent if payment.status == Payment.Status.OPEN and intent.status in PAYABLE else None


def refresh(payment: Payment, *, settle: Settle, by: str, now: datetime) -> Intent | None:
    """Ask Stripe how the payment stands and apply the answer; the intent while it can still be paid. Network."""
    if payment.status == Payment.Status.CREATING:
        return open_at_stripe(payment, settle=settle, by=by, now=now)
    if payment.status == Payment.Status.VOIDING:
        void(payment.pk, reason=payment.void_reason, settle=settle, by=by, now=now)
    if payment.status == Payment.Status.VOIDING or payment.stripe_intent_id is None:
        return None
    try:
        intent = stripe_client.retrieve(payment.stripe_intent_id)
    except (stripe_client.StripeUnavailable, stripe_client.StripeRejected) as error:
        raise PaymentsUnavailable from error
    payment = outcomes.apply(payment.pk, intent=intent, outcome=outcomes.of(intent), settle=settle, by=by, now=now)
    if payment.status == Payment.Status.VOIDING:
        void(payment.pk, reason=payment.void_reason, settle=settle, by=by, now=now)
        return None
    return intent if payment.status == Payment.Status.OPEN and intent.status in PAYABLE else None


def void(payment_id: int, *, reason: str, settle: Settle, by: str, now: datetime) -> Payment:
    """Cancel the intent at Stripe and settle by its answer; see Note [Void first, free second].

    Network between two short transactions. PaymentsUnavailable: Stripe did not answer, PaymentUndecided: it does not
    know the intent; either way the payment stays `voiding`.
    """
    payment = Payment.objects.get(pk=payment_id)
    if not payment.begin_void(reason):
        payment.refresh_from_db()
        return payment
    payment.refresh_from_db()
    if payment.stripe_intent_id is None:
        payment.stripe_intent_id = _or_undecided(payment, lambda: _find_lost(payment, now))
    if payment.stripe_intent_id is None:
        return _settle_void(payment.pk, reason=reason, code="", settle=settle, by=by, now=now)
    return conclude(payment.pk, intent=cancel(payment), settle=settle, by=by, now=now)


def cancel(payment: Asked) -> Intent:
    """Cancel the intent at Stripe: what it says of it then. Network; raises as `void` does."""
    assert payment.stripe_intent_id is not None
    intent_id = payment.stripe_intent_id
    return _or_undecided(payment, lambda: stripe_client.cancel(intent_id))


def conclude(payment_id: int, *, intent: Intent, settle: Settle, by: str, now: datetime) -> Payment:
    """Settle by what the cancel call has answered. Opens a transaction; PaymentUndecided when it can still be paid."""
    payment = outcomes.apply(payment_id, intent=intent, outcome=outcomes.of(intent), settle=settle, by=by, now=now)
    if payment.status == Payment.Status.VOIDING:
        raise PaymentUndecided
    return payment


def void_after_commit(payment: Payment, *, settle: Settle, by: str, now: datetime) -> None:
    """Void in the background once the caller's transaction has committed; the expiry command does what this misses."""
    lane.run(void, payment.pk, reason=payment.void_reason, settle=settle, by=by, now=now)


def _create(payment: Payment, now: datetime) -> Intent:
    """Ask for the intent, once and for all: past the life of its key, look whether it was made before asking again."""
    if now - payment.created_at >= stripe_client.KEY_LIVES:
        made = stripe_client.find(metadata=payment.metadata, since=payment.created_at)
        if made is not None:
            return made
    intent, replayed = stripe_client.create(
        amount=payment.amount,
        currency=payment.currency,
        description=payment.description,
        metadata=payment.metadata,
        idempotency_key=payment.idempotency_key,
    )
    # A replayed answer is the intent as it was then; it may have been paid or canceled since.
    return stripe_client.retrieve(intent.id) if replayed else intent


def _find_lost(payment: Payment, now: datetime) -> str | None:
    """The intent of a create call that nobody heard the end of; None when there is none.

    Its secret was never given to anyone, so it cannot be paid meanwhile. The same key tells the id for a day; when
    Stripe replays an error under it, or has forgotten it, the list of intents does.
    """
    if now - payment.created_at < stripe_client.KEY_LIVES:
        try:
            return _create(payment, now).id
        except stripe_client.StripeUnknown:
            logger.info("The key of payment %s tells nothing; looking through the list", payment.reference)
        except stripe_client.StripeRejected:
            return None
    lost = stripe_client.find(metadata=payment.metadata, since=payment.created_at)
    return lost.id if lost else None


def _or_undecided(payment: Asked, ask: Callable[[], T]) -> T:
    """What Stripe answers when it is asked to end a payment."""
    try:
        return ask()
    except stripe_client.StripeUnavailable as error:
        raise PaymentsUnavailable from error
    except stripe_client.StripeRejected as error:
        logger.error("Payment %s cannot be voided, Stripe says %s", payment.reference, error)
        raise PaymentUndecided from error


def _settle_void(payment_id: int, *, reason: str, code: str, settle: Settle, by: str, now: datetime) -> Payment:
    """End a payment that has no intent at Stripe, and settle what it was for.

    A twin may have learnt of an intent meanwhile, and given its secret away: then only a cancel call can end it.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
        if payment.status in Payment.LIVE and payment.stripe_intent_id is None:
            reason = payment.void_reason or reason
            payment.change(Payment.Status.VOID, void_reason=reason, failure_code=code[:64], ended_at=now)
            settle(payment, by=by, now=now)
        return payment
