"""The program without one of its guards, for the negative controls: the machine must see what that breaks.

Each replacement is what a hurried hand would write. They are put in place by a test, for its own length alone.
"""

import contextlib
from datetime import datetime
from typing import Any

from django.db import transaction

from booking import checkout, quotes
from booking.models import Booking
from payments import credits, intents, outcomes, refunds, stripe_client
from payments.models import CreditLot, CreditSpend, Payment, Refund
from payments.outcomes import Outcome, Settle
from payments.stripe_objects import Intent, Repayment

apply_once = outcomes.apply
row_of = refunds._row_of
give_credits_back = credits.give_back


def settle_every_success(payment_id: int, *, intent: Intent, outcome: Outcome, settle: Settle, **more: Any) -> Payment:
    """Settles whenever Stripe says that it was paid, and does not ask whether it knew."""
    known = Payment.objects.get(pk=payment_id).status == Payment.Status.PAID
    payment = apply_once(payment_id, intent=intent, outcome=outcome, settle=settle, **more)
    if known and outcome == Outcome.SUCCEEDED:
        with transaction.atomic():
            settle(payment, by=more["by"], now=more["now"])
    return payment


def free_first_void_second(payment_id: int, *, reason: str, settle: Settle, by: str, now: datetime) -> Payment:
    """Gives the seat back at once, and asks Stripe to cancel afterwards, whatever it may answer."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
        if payment.status not in Payment.LIVE:
            return payment
        payment.change(Payment.Status.VOID, void_reason=payment.void_reason or reason, ended_at=now)
        settle(payment, by=by, now=now)
    if payment.stripe_intent_id:
        with contextlib.suppress(stripe_client.StripeRejected, stripe_client.StripeUnavailable):
            stripe_client.cancel(payment.stripe_intent_id)
    return payment


def spend_what_was_read(lot: CreditLot, credits: int) -> bool:
    """Believes the lot it has in its hand, and never writes what it took."""
    lot.remaining -= credits
    return True


def owe_beside_the_dashboard(payment: Payment, fact: Repayment, now: datetime) -> Refund:
    """Writes every refund of the dashboard down beside what is owed already."""
    known = Refund.objects.filter(stripe_refund_id=fact.id).first()
    return known or row_of(payment, fact, now) if fact.metadata.get("refund") else _beside(payment, fact, now)


def _beside(payment: Payment, fact: Repayment, now: datetime) -> Refund:
    known = Refund.objects.filter(stripe_refund_id=fact.id).first()
    return known or refunds._write(payment, key=f"stripe:{fact.id}", amount=fact.amount, reason="dashboard", now=now)


def keep_every_debt(payment: Payment, now: datetime) -> None:
    """Leaves debts as they are, whatever was returned."""


def forget_the_quote(token: str, *, booking: Booking, now: datetime) -> None:
    """Takes any quote for none, and returns what the terms say by now."""


def return_every_credit(spent: CreditSpend, *, credits: int, now: datetime) -> None:
    """Gives back what was spent, whatever the terms left of it."""
    give_credits_back(spent, credits=spent.credits, now=now)


REPLACEMENTS: dict[str, list[tuple[Any, str, Any]]] = {
    "a success settles twice": [(outcomes, "apply", settle_every_success)],
    "freed before voided": [(intents, "void", free_first_void_second)],
    "credits spent unconditionally": [(CreditLot, "withdraw", spend_what_was_read)],
    "a refund is owed twice": [
        (refunds, "_row_of", owe_beside_the_dashboard),
        (refunds, "_fit_debts", keep_every_debt),
    ],
    "a quote is forgotten": [(quotes, "read", forget_the_quote)],
    "credits come back in full": [(credits, "give_back", return_every_credit)],
    "a key is never remembered": [(checkout, "_own_booking", lambda order: None)],
}
