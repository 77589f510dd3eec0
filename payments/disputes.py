"""Charges that their payers contest: recorded for staff; no seat moves and nothing is returned a second time."""

import logging
from datetime import datetime

from django.db import transaction

from payments.currencies import MAXIMUM_AMOUNT
from payments.models import Dispute, Payment
from payments.stripe_objects import Complaint

logger = logging.getLogger(__name__)


def record(fact: Complaint, *, now: datetime) -> Dispute | None:
    """Write down what Stripe says of a dispute, once and in any order; None: not ours.

    Opens a transaction or joins the caller's; locks the payment first. No network.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).filter(stripe_intent_id=fact.intent_id).first()
        if payment is None or not 1 <= fact.amount <= MAXIMUM_AMOUNT:
            return None
        dispute, created = Dispute.objects.get_or_create(
            stripe_dispute_id=fact.id,
            defaults={
                "payment": payment,
                "amount": fact.amount,
                "currency": payment.currency,
                "reason": fact.reason,
                "status": fact.status,
                "created_at": now,
            },
        )
        if created:
            logger.error("The payment %s is contested (%s): answer it at Stripe", payment.reference, fact.reason)
        if dispute.closed_at is None:
            dispute.status = fact.status
            dispute.closed_at = now if fact.status in Dispute.CLOSED else None
            dispute.save(update_fields=["status", "closed_at"])
        return dispute
