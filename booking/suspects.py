"""What seemed to differ when it was first read: each can be looked at again, and set right."""

from datetime import datetime
from typing import Protocol

from booking import comparison, express_settlement, repair, settlement
from booking.comparison import Difference, Kind
from payments import intents, stripe_client, webhooks
from payments.models import Payment, Refund, StripeEvent
from payments.stripe_objects import Event, Intent, Repayment


class Suspect(Protocol):
    """Something that differed when it was first read."""

    subject: str
    intent_id: str
    stripe_id: str  # what differs at Stripe: the intent, the refund or the event

    def look(self) -> Difference | None:
        """How it differs now, both sides read again. Network."""

    def mend(self, difference: Difference, *, now: datetime) -> None:
        """Set it right. Network."""


class PaymentSuspect:
    """A payment, by its intent at Stripe, by its row here, or by both."""

    def __init__(self, case: comparison.Case) -> None:
        self.case = case
        self.subject = case.subject
        named = case.intent.id if case.intent else case.payment and case.payment.stripe_intent_id
        self.intent_id = self.stripe_id = named or ""

    def look(self) -> Difference | None:
        """Read both sides again. Network."""
        if self.case.intent is None and self.case.payment:
            # Another suspect may have found meanwhile which intent is its own.
            self.intent_id = Payment.objects.get(pk=self.case.payment.pk).stripe_intent_id or ""
        intent = intent_at_stripe(self.intent_id)
        if intent is not None:
            [self.case] = comparison.cases([intent])
            other = self.case.payment and self.case.payment.stripe_intent_id
            if other and other != intent.id and intent_at_stripe(other) is None:
                return Difference(Kind.INTENT, f"{intent.id} names it, Stripe does not know {other}")
        elif self.case.payment is not None:
            self.case = comparison.unheard(Payment.objects.get(pk=self.case.payment.pk))
        return comparison.difference(self.case)

    def mend(self, difference: Difference, *, now: datetime) -> None:
        repair.mend(self.case, difference, now=now)


class RefundSuspect:
    """A refund, by what Stripe says of it, by our row, or by both."""

    def __init__(self, fact: Repayment | None, row: Refund | None, payment: Payment) -> None:
        self.fact, self.row = fact, row
        self.subject = payment.subject
        self.intent_id = payment.stripe_intent_id or ""
        self.stripe_id = fact.id if fact else (row and row.stripe_refund_id) or ""

    def look(self) -> Difference | None:
        """Read both sides again, ours first: a row that changes after that, `mend` finds changed. Network."""
        if self.row:
            self.row = Refund.objects.get(pk=self.row.pk)
        elif self.fact:
            self.row = row_of(self.fact)
        self.fact = self._made(refunds_at_stripe(self.intent_id))
        if self.fact is None and intent_at_stripe(self.intent_id) is None:
            return Difference(Kind.UNKNOWN_THERE, f"{self.row} here, its payment is unknown at Stripe")
        return comparison.refund_difference(self.fact, self.row)

    def mend(self, difference: Difference, *, now: datetime) -> None:
        if difference.kind != Kind.UNKNOWN_THERE:  # it may belong to another account's key, and be given there
            repair.mend_refund(self.fact, self.row, now=now)

    def _made(self, facts: list[Repayment]) -> Repayment | None:
        """What Stripe has of it, by its id, else by the metadata: a row that lost its id was given all the same."""
        known = {fact.id: fact for fact in facts}.get(self.stripe_id)
        reference = str(self.row.reference) if self.row else ""
        return known or next((fact for fact in facts if fact.metadata.get("refund") == reference), None)


class EventSuspect:
    """An event of a payment of ours that has not come."""

    def __init__(self, event: Event, payment: Payment) -> None:
        self.event, self.payment = event, payment
        self.subject = payment.subject
        self.intent_id = payment.stripe_intent_id or intent_of(event)
        self.stripe_id = event.id

    def look(self) -> Difference | None:
        if StripeEvent.objects.filter(event_id=self.event.id).exists():
            return None
        return Difference(Kind.EVENT, f"{self.event.type} {self.event.id} was never received")

    def mend(self, difference: Difference, *, now: datetime) -> None:
        webhooks.receive(self.event, settle=settlement.settle, express=express_settlement.settle, now=now)
        payment = Payment.objects.get(pk=self.payment.pk)
        if payment.status == Payment.Status.VOIDING:
            # Nobody waits for the void that was promised: what it brings belongs to this repair.
            intents.void(payment.pk, reason=payment.void_reason, settle=settlement.settle, by=repair.BY, now=now)


def intent_at_stripe(intent_id: str) -> Intent | None:
    """The intent as it stands now; None when Stripe does not know it. Network."""
    try:
        return stripe_client.retrieve(intent_id) if intent_id else None
    except stripe_client.StripeRejected:
        return None


def refunds_at_stripe(intent_id: str) -> list[Repayment]:
    """The refunds of an intent as they stand now; none when Stripe does not know it. Network."""
    try:
        return stripe_client.refunds_of(intent_id) if intent_id else []
    except stripe_client.StripeRejected:
        return []


def intent_of(event: Event) -> str:
    """The intent that an event tells of."""
    return event.intent.id if event.type in webhooks.OUTCOME_OF_TYPE else event.repayment.intent_id


def row_of(fact: Repayment) -> Refund | None:
    """Our row of a refund, by Stripe's id, else by the metadata."""
    rows = Refund.objects.filter(payment__stripe_intent_id=fact.intent_id)
    known = rows.filter(stripe_refund_id=fact.id).first()
    return known or next((row for row in rows if str(row.reference) == fact.metadata.get("refund")), None)
