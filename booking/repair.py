"""Set one difference right, through the doors that the webhook, the expiry and the refunds go through.

Each repair believes Stripe, asks it again where only an answer can decide (void first, free second), and may be made
twice: what writes a row judges the two sides once more under the payment's lock, for a webhook or another repair may
have been quicker. Network between short transactions.
"""

from datetime import datetime

from django.db import transaction

from booking import comparison, settlement
from booking.comparison import Case, Difference, Kind
from payments import corrections, intents, outcomes, refunds, stripe_client, unmatched
from payments.models import Payment, Refund
from payments.outcomes import Outcome
from payments.stripe_objects import Intent, Repayment

BY = "reconcile_payments"


def mend(case: Case, difference: Difference, *, now: datetime) -> None:
    """Set right what differs of a payment. StripeUnavailable, PaymentsUnavailable: no answer, and it stays as it is."""
    intent, payment = case.intent, case.payment
    if intent is None:
        return  # what Stripe does not know may belong to another account's key: staff look at it
    if difference.kind == Kind.PAYABLE_THERE:
        _end_stray(case, intent, now=now)
    elif payment is None:
        _keep(intent, difference, now=now)
    elif difference.kind == Kind.PAID_HERE:
        _take_back(case, intent, now=now)
    elif difference.kind == Kind.AMOUNT:
        _mend_amount(case, payment, intent, now=now)
    elif difference.kind == Kind.UNSETTLED:
        with transaction.atomic():
            if _still(case, Kind.UNSETTLED):
                settlement.settle(corrections.locked(payment.pk), by=BY, now=now)
    elif difference.kind == Kind.INTENT:
        with transaction.atomic():
            locked = corrections.locked(payment.pk)
            if locked.stripe_intent_id == payment.stripe_intent_id:
                corrections.name_intent(locked, intent)
    else:
        _apply(case, payment, intent, now=now)


def mend_refund(fact: Repayment | None, row: Refund | None, *, now: datetime) -> None:
    """Set right what differs of a refund. No network."""
    if fact is not None:
        refunds.correct(fact, seen=row, now=now)
    elif row is not None:
        refunds.unmake(row, now=now)


def _still(case: Case, kind: Kind) -> bool:
    """Whether it still differs so, in the caller's transaction, which keeps the payment locked from here on."""
    assert case.intent is not None
    assert case.payment is not None
    corrections.locked(case.payment.pk)
    [again] = comparison.cases([case.intent])
    found = comparison.difference(again)
    return found is not None and found.kind == kind


def _apply(case: Case, payment: Payment, intent: Intent, *, now: datetime) -> None:
    """It ended at Stripe and we have not heard of it: tell it as the webhook does."""
    price = comparison.agreed(case)
    if price == (intent.amount, intent.currency) != (payment.amount, payment.currency):
        _write_price(case, Kind.PAID_THERE, price)
    outcomes.apply(payment.pk, intent=intent, outcome=outcomes.of(intent), settle=settlement.settle, by=BY, now=now)


def _end_stray(case: Case, intent: Intent, *, now: datetime) -> None:
    """It can still be paid and holds no seat: the cancel call decides which of the two ends it has."""
    ended = stripe_client.cancel(intent.id)
    if case.payment is None:
        if ended.status == Outcome.SUCCEEDED:
            _keep(ended, Difference(Kind.PAID_THERE, "paid for a payment that is not here"), now=now)
        return
    if ended.status in (Outcome.SUCCEEDED, Outcome.CANCELED):
        _apply(case, case.payment, ended, now=now)


def _take_back(case: Case, intent: Intent, *, now: datetime) -> None:
    """Nobody has paid it: end the intent first, then undo what the payment was believed to have brought."""
    ended = intent if intent.status == Outcome.CANCELED else stripe_client.cancel(intent.id)
    if ended.status != Outcome.CANCELED:
        return
    with transaction.atomic():
        if _still(case, Kind.PAID_HERE):
            assert case.payment is not None
            payment = corrections.locked(case.payment.pk)
            corrections.never_paid(payment, now=now)
            settlement.take_back(payment, by=BY, now=now)


def _mend_amount(case: Case, payment: Payment, intent: Intent, *, now: datetime) -> None:
    price = comparison.agreed(case) or (payment.amount, payment.currency)
    if price == (intent.amount, intent.currency) and intent.amount_received in (0, intent.amount):
        _write_price(case, Kind.AMOUNT, price)
    elif payment.status == Payment.Status.PAID:
        with transaction.atomic():
            if _still(case, Kind.AMOUNT):
                corrections.doubt(corrections.locked(payment.pk), intent, now=now)
    else:
        # Nobody agreed to what Stripe would take: the hold ends, and the member books anew.
        intents.void(payment.pk, reason="payment_rejected", settle=settlement.settle, by=BY, now=now)


def _write_price(case: Case, kind: Kind, price: tuple[int, str]) -> None:
    assert case.payment is not None
    with transaction.atomic():
        if _still(case, kind):
            corrections.price(corrections.locked(case.payment.pk), amount=price[0], currency=price[1])


def _keep(intent: Intent, difference: Difference, *, now: datetime) -> None:
    unmatched.record(intent.id, amount=intent.amount_received, currency=intent.currency, why=difference.what, now=now)
