"""What a row says of its payment and Stripe does not: set right by what Stripe says, in the caller's transaction.

Events only ever lead forward. These are for rows that no event would mend: a restored backup, a hand in the database.
"""

import logging
from datetime import datetime

from payments import unmatched
from payments.models import Payment, Refund
from payments.stripe_objects import Intent

logger = logging.getLogger(__name__)


def locked(payment_id: int) -> Payment:
    """The payment, held until the transaction ends."""
    return Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def name_intent(payment: Payment, intent: Intent) -> None:
    """Write down which intent is this payment's."""
    payment.change(Payment.Status(payment.status), stripe_intent_id=intent.id)


def price(payment: Payment, *, amount: int, currency: str) -> None:
    """Write the price that was agreed, and that Stripe was asked for; of a paid payment it is what was received."""
    received = {"amount_received": amount} if payment.status == Payment.Status.PAID else {}
    payment.change(Payment.Status(payment.status), amount=amount, currency=currency, **received)


def doubt(payment: Payment, intent: Intent, *, now: datetime) -> None:
    """Stripe has received another sum than the one agreed: staff look at it."""
    why = f"received {intent.amount_received} {intent.currency} instead of {payment.amount} {payment.currency}"
    logger.error("Payment %s needs review: %s", payment.reference, why)
    received = intent.amount_received if isinstance(intent.amount_received, int) else 0
    payment.change(Payment.Status.REVIEW, review_reason=why[:200], amount_received=received, ended_at=now)
    unmatched.record(
        intent.id, amount=intent.amount_received, currency=intent.currency, why=why, now=now, payment=payment
    )


def never_paid(payment: Payment, *, now: datetime) -> None:
    """Take back that it was paid; nothing is owed of what was never received."""
    payment.change(Payment.Status.VOID, amount_received=0, void_reason="payment_canceled", ended_at=now)
    for debt in payment.refunds.filter(status=Refund.Status.DUE):
        debt.call_off(now, code="never_received")
