"""A verified event: stored once, in the one transaction of its effect."""

import logging
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, transaction

from boundary import faults
from payments import disputes, intents, outcomes, refunds, unmatched
from payments.models import Payment, StripeEvent
from payments.outcomes import Outcome, Settle
from payments.stripe_client import API_VERSION
from payments.stripe_objects import Event, Intent, moment

logger = logging.getLogger(__name__)

OUTCOME_OF_TYPE = {
    "payment_intent.succeeded": Outcome.SUCCEEDED,
    "payment_intent.canceled": Outcome.CANCELED,
    "payment_intent.processing": Outcome.PROCESSING,
    "payment_intent.payment_failed": Outcome.FAILED,
}
REFUND_TYPES = ("refund.created", "refund.updated", "refund.failed")
DISPUTE_TYPES = ("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed")
TYPES = (*OUTCOME_OF_TYPE, *REFUND_TYPES, *DISPUTE_TYPES)


class Express(Protocol):
    """Applies a plain event whole and commits, or writes nothing and answers False: then it is applied step by step."""

    def __call__(self, event: Event, *, now: datetime) -> bool: ...


def receive(event: Event, *, settle: Settle, express: Express, now: datetime) -> str:
    """Store the event and apply it, in one transaction: `applied`, `repeated`, or `ignored` when it is not ours.

    No network before the commit; what must follow there is a row, tried in the background after it. Tried again when
    the database let the transaction down: the event's id tells whether it was done.
    """
    return faults.retried(_receive)(event, settle=settle, express=express, now=now)


def _receive(event: Event, *, settle: Settle, express: Express, now: datetime) -> str:
    if event.type not in TYPES:
        return "ignored"
    if express(event, now=now):
        return "applied"
    payment_id = payment_of(event)
    if payment_id is None:
        _keep_if_ours(event, now)
        return "ignored"
    if event.api_version != API_VERSION:
        logger.warning("The event %s speaks %s, this program %s", event.id, event.api_version, API_VERSION)
    try:
        with transaction.atomic():
            StripeEvent.objects.create(
                event_id=event.id,
                type=event.type,
                payment_id=payment_id,
                api_version=event.api_version,
                created_at=happened_at(event, now),
                received_at=now,
            )
            _apply(event, payment_id, settle=settle, now=now)
    except IntegrityError:
        if StripeEvent.objects.filter(event_id=event.id).exists():
            return "repeated"
        raise
    return "applied"


def _apply(event: Event, payment_id: int, *, settle: Settle, now: datetime) -> None:
    if event.type in REFUND_TYPES:
        refunds.record(event.repayment, now=now)
        return
    if event.type in DISPUTE_TYPES:
        disputes.record(event.complaint, now=now)
        return
    by = told_by(event)
    payment = outcomes.apply(
        payment_id,
        intent=event.intent,
        outcome=OUTCOME_OF_TYPE[event.type],
        settle=settle,
        by=by,
        now=now,
        happened_at=happened_at(event, now),
    )
    if payment.status == Payment.Status.VOIDING:
        intents.void_after_commit(payment, settle=settle, by=by, now=now)


def told_by(event: Event) -> str:
    """Who a change is put down to that this event has brought."""
    return f"stripe:{event.id}"[:64]


def happened_at(event: Event, now: datetime) -> datetime:
    """When it happened at Stripe, as the event says; now where it does not."""
    return moment(event.created) or now


def payment_of(event: Event) -> int | None:
    """The key of the payment that an event is about; None when it is about none of ours."""
    if event.type in OUTCOME_OF_TYPE:
        return _payment_of_intent(event.intent)
    intent_id = event.repayment.intent_id
    found = Payment.objects.filter(stripe_intent_id=intent_id) if intent_id else Payment.objects.none()
    return found.values_list("pk", flat=True).first()


def _payment_of_intent(intent: Intent) -> int | None:
    """The row this intent belongs to: by Stripe's id, else by our metadata, for an event can beat the create answer."""
    rows = Payment.objects.values_list("pk", flat=True)
    found = rows.filter(stripe_intent_id=intent.id[:255]).first() if intent.id else None
    if found is not None:
        return found
    named = intent.payment_reference
    return rows.filter(reference=named).first() if named else None


def _keep_if_ours(event: Event, now: datetime) -> None:
    """Money that names a payment of this program which is not here, as after a restored backup, must not get lost."""
    intent = event.intent
    of_our_mode = intent.live in (None, settings.STRIPE_LIVE)
    of_our_site = intent.metadata.get("site") in (None, settings.SITE)
    if event.type == "payment_intent.succeeded" and intent.payment_reference and of_our_mode and of_our_site:
        why = "its metadata names a payment that is not here"
        unmatched.record(intent.id, amount=intent.amount_received, currency=intent.currency, why=why, now=now)
    else:
        logger.info("Ignored the event %s %s: not ours", event.type, event.id)
