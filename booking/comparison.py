"""What Stripe says of a payment beside what we say of it: every way in which the two can differ. Pure but for reading.

What both sides know and staff have in a queue of theirs (`review`, unmatched money) is no difference.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db.models import Q

from booking.models import Booking
from payments import outcomes, refunds
from payments.models import PackPurchase, Payment, Refund, UnmatchedMoney
from payments.outcomes import Outcome
from payments.stripe_objects import Intent, Repayment

Status = Payment.Status
# The same words for both, each with its own enum.
HELD = (Booking.Status.PENDING, PackPurchase.Status.PENDING)
FREED = (Booking.Status.FREED, PackPurchase.Status.FREED)


class Kind(StrEnum):
    PAID_THERE = "paid_there_not_here"
    PAID_HERE = "paid_here_not_there"
    CANCELED_THERE = "canceled_there_not_here"
    PAYABLE_THERE = "payable_there_without_hold"
    AMOUNT = "amount_differs"
    INTENT = "intent_differs"
    UNKNOWN_THERE = "unknown_there"
    UNSETTLED = "not_settled_here"
    REFUND_THERE = "refund_there_not_here"
    REFUND_HERE = "refund_here_not_there"
    REFUND = "refund_differs"
    EVENT = "event_not_received"


@dataclass(frozen=True)
class Difference:
    """One way in which the two sides differ, and in a sentence how."""

    kind: Kind
    what: str


@dataclass(frozen=True)
class Case:
    """One payment: the intent at Stripe, and our row with the order it is for; either side may be missing."""

    intent: Intent | None
    payment: Payment | None
    order: Booking | PackPurchase | None = None
    queued: bool = False  # its money stands in the queue of unmatched money

    @property
    def subject(self) -> str:
        if self.payment:
            return self.payment.subject
        return self.intent.id if self.intent else ""

    @property
    def standing(self) -> str:
        """How what it is for stands, in words."""
        what = "purchase" if self.subject.startswith(PackPurchase.SUBJECT) else "booking"
        return f"its {what} is {self.order.status if self.order else 'not there'}"

    @property
    def own(self) -> Payment | None:
        """The payment, if this intent tells how it stands: the one it names, or the one that has paid it."""
        if self.intent is None or self.payment is None:
            return None
        named = self.payment.stripe_intent_id
        tells = named == self.intent.id or (named is None and self.intent.status == Outcome.SUCCEEDED)
        return self.payment if tells else None


def cases(intents: Iterable[Intent]) -> list[Case]:
    """What we know of these intents; a row is known by its intent, else by the metadata. Few queries for any number."""
    intents = list(intents)
    named = {reference for intent in intents if (reference := intent.payment_reference)}
    rows = Payment.objects.filter(Q(stripe_intent_id__in=[one.id for one in intents]) | Q(reference__in=named))
    by_intent = {row.stripe_intent_id: row for row in rows}
    by_reference = {row.reference: row for row in rows}
    orders = _orders(rows)
    queued = set(
        UnmatchedMoney.objects.filter(stripe_id__in=[one.id for one in intents]).values_list("stripe_id", flat=True)
    )
    found = []
    for intent in intents:
        reference = intent.payment_reference
        row = by_intent.get(intent.id) or (by_reference.get(reference) if reference else None)
        found.append(Case(intent, row, orders.get(row.pk) if row else None, intent.id in queued))
    return found


def unheard(payment: Payment) -> Case:
    """A payment whose intent Stripe does not know."""
    return Case(None, payment, _orders([payment]).get(payment.pk))


def _orders(payments: Iterable[Payment]) -> dict[int, Booking | PackPurchase]:
    ids = [row.pk for row in payments]
    bookings = Booking.objects.filter(payment__in=ids)
    held = {one.payment_id: one for one in bookings if one.payment_id is not None}
    bought = {one.payment_id: one for one in PackPurchase.objects.filter(payment__in=ids)}
    return held | bought


def difference(case: Case) -> Difference | None:
    """The one thing to be set right first, if the two sides differ."""
    intent, payment = case.intent, case.payment
    if payment is None:
        return _nobodys(case) if intent else None
    if intent is None:
        claims = payment.status in (Status.PAID, *Payment.LIVE)
        return Difference(Kind.UNKNOWN_THERE, f"{payment.status} here, unknown at Stripe") if claims else None
    if payment.stripe_intent_id not in (None, intent.id):
        return _second(case, intent)
    if intent.status == Outcome.SUCCEEDED:
        return _succeeded(case, intent, payment)
    if payment.status == Status.PAID:
        if payment.stripe_intent_id is None:
            return None  # another intent may have paid it: only one that has tells of it
        return Difference(Kind.PAID_HERE, f"paid here, {intent.status} at Stripe")
    if intent.status == Outcome.CANCELED:
        return _canceled(case, payment)
    return _payable(case, intent, payment)


def agreed(case: Case) -> tuple[int, str] | None:
    """The price that the booking or the purchase was made for."""
    return (case.order.amount, case.order.currency) if case.order else None


def _nobodys(case: Case) -> Difference | None:
    """An intent that no row of ours belongs to: ours only if its metadata says so."""
    intent = case.intent
    assert intent is not None
    site = intent.metadata.get("site")
    if intent.payment_reference is None or intent.live not in (None, settings.STRIPE_LIVE):
        return None
    if intent.status == Outcome.SUCCEEDED and site in (None, settings.SITE) and not case.queued:
        return Difference(Kind.PAID_THERE, f"{intent.amount_received} {intent.currency} for a payment not here")
    if _can_be_paid(intent) and site == settings.SITE:
        return Difference(Kind.PAYABLE_THERE, "it can be paid, for a payment not here")
    return None


def _second(case: Case, intent: Intent) -> Difference | None:
    """One more intent of a payment that has another."""
    if intent.status == Outcome.SUCCEEDED and not case.queued:
        return Difference(Kind.PAID_THERE, f"{intent.id} has paid beside the payment's own intent")
    if _can_be_paid(intent):
        return Difference(Kind.PAYABLE_THERE, f"{intent.id} can be paid beside the payment's own intent")
    return None


def _succeeded(case: Case, intent: Intent, payment: Payment) -> Difference | None:
    said = f"{intent.amount_received} {intent.currency} received at Stripe"
    if payment.status == Status.REVIEW and case.queued and outcomes.disagreement(payment, intent, Outcome.SUCCEEDED):
        return None
    if payment.status != Status.PAID:
        return Difference(Kind.PAID_THERE, f"{said}, {payment.status} here")
    if payment.stripe_intent_id is None:
        return Difference(Kind.INTENT, f"{intent.id} has paid it, no intent is named here")
    if (payment.amount_received, payment.currency) != (intent.amount_received, intent.currency):
        return Difference(Kind.AMOUNT, f"{said}, {payment.amount_received} {payment.currency} here")
    if payment.amount != intent.amount:
        return Difference(Kind.AMOUNT, f"{intent.amount} asked at Stripe, {payment.amount} here")
    open_here = case.order is None or case.order.status in (*HELD, *FREED)
    if open_here and not _accounted(case, payment):
        return Difference(Kind.UNSETTLED, f"{said} and here, {case.standing}")
    return None


def _accounted(case: Case, payment: Payment) -> bool:
    """Whether it goes back, stands in the queue, or was owed back and is left to staff since it did not arrive."""
    freed = case.order is not None and case.order.status in FREED
    if freed and payment.refunds.filter(reason="late_payment").exists():
        return True
    queued = case.queued or UnmatchedMoney.objects.filter(payment=payment).exists()
    return queued or not refunds.returnable(payment)


def _canceled(case: Case, payment: Payment) -> Difference | None:
    if payment.status in Payment.LIVE or (payment.status == Status.REVIEW and not payment.amount_received):
        return Difference(Kind.CANCELED_THERE, f"canceled at Stripe, {payment.status} here")
    if payment.status == Status.VOID and case.order and case.order.status in HELD:
        return Difference(Kind.UNSETTLED, f"canceled at Stripe and here, {case.standing}")
    return None


def _payable(case: Case, intent: Intent, payment: Payment) -> Difference | None:
    held = case.order is not None and case.order.status in HELD
    if payment.status == Status.VOID or not held:
        return Difference(Kind.PAYABLE_THERE, f"{intent.status} at Stripe, {payment.status} here, {case.standing}")
    wrong = (intent.amount, intent.currency) != (payment.amount, payment.currency)
    if wrong and payment.status != Status.REVIEW:
        said = f"{intent.amount} {intent.currency} asked at Stripe, {payment.amount} {payment.currency} here"
        return Difference(Kind.AMOUNT, said)
    return None


def _can_be_paid(intent: Intent) -> bool:
    return intent.status not in (Outcome.SUCCEEDED, Outcome.CANCELED)


def refund_difference(fact: Repayment | None, row: Refund | None) -> Difference | None:
    """The same for one refund: what Stripe says of it, and our row."""
    if fact is None:
        given = row is not None and row.status in (Refund.Status.SUBMITTED, Refund.Status.SUCCEEDED)
        return Difference(Kind.REFUND_HERE, f"{row} here, not made at Stripe") if given else None
    said = f"{fact.amount} {fact.currency} {fact.status} at Stripe"
    if fact.status not in refunds.STATUS_OF or not fact.amount:
        return None
    if row is None:
        return Difference(Kind.REFUND_THERE, f"{said}, not here")
    if (row.status, row.amount) != (refunds.STATUS_OF[fact.status], fact.amount):
        return Difference(Kind.REFUND, f"{said}, {row} here")
    return None
