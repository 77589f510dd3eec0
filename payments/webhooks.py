import logging
from datetime import UTC, datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from payments import intents, outcomes
from payments.models import Payment, StripeEvent
from payments.outcomes import Outcome, Settle
from payments.stripe_client import API_VERSION, Event, Intent

logger = logging.getLogger(__name__)

OUTCOME_OF_TYPE = {
    "payment_intent.succeeded": Outcome.SUCCEEDED,
    "payment_intent.canceled": Outcome.CANCELED,
    "payment_intent.processing": Outcome.PROCESSING,
    "payment_intent.payment_failed": Outcome.FAILED,
}


def receive(event: Event, *, settle: Settle, now: datetime) -> str:
    """Store the event and apply it, in one transaction: `applied`, `repeated`, or `ignored` when it is not ours.

    No network before the commit; what must follow there is a row, tried in the background after it.
    """
    outcome = OUTCOME_OF_TYPE.get(event.type)
    if outcome is None:
        return "ignored"
    payment_id = _find_payment(event.intent)
    if payment_id is None:
        logger.info("Ignored the event %s %s: not ours", event.type, event.id)
        return "ignored"
    if event.api_version != API_VERSION:
        logger.warning("The event %s speaks %s, this program %s", event.id, event.api_version, API_VERSION)
    happened_at = datetime.fromtimestamp(event.created, tz=UTC) if 0 < event.created < 2**32 else now
    by = f"stripe:{event.id}"[:64]
    try:
        with transaction.atomic():
            StripeEvent.objects.create(
                event_id=event.id,
                type=event.type,
                payment_id=payment_id,
                api_version=event.api_version,
                created_at=happened_at,
                received_at=now,
            )
            payment = outcomes.apply(
                payment_id,
                intent=event.intent,
                outcome=outcome,
                settle=settle,
                by=by,
                now=now,
                happened_at=happened_at,
            )
            if payment.status == Payment.Status.VOIDING:
                intents.void_after_commit(payment, settle=settle, by=by, now=now)
    except IntegrityError:
        if StripeEvent.objects.filter(event_id=event.id).exists():
            return "repeated"
        raise
    return "applied"


def _find_payment(intent: Intent) -> int | None:
    """The row this intent belongs to: by Stripe's id, else by our metadata, for an event can beat the create answer."""
    rows = Payment.objects.values_list("pk", flat=True)
    found = rows.filter(stripe_intent_id=intent.id[:255]).first() if intent.id else None
    if found is not None:
        return found
    try:
        return rows.filter(reference=UUID(str(intent.metadata.get("payment")))).first()
    except ValueError:
        return None
