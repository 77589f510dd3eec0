"""Owe money back, give it back at Stripe, and record what became of it, whoever gave it.

Note [Facts before debts]: what Stripe says was returned is always recorded, also when somebody returned it in Stripe's
dashboard. Debts that were never sent give way to it, so that the sum never passes what the payment received.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum

from boundary.after_commit import Lane
from payments import messages, stripe_client
from payments.currencies import MAXIMUM_AMOUNT
from payments.exceptions import PaymentsUnavailable, RefundTooLarge
from payments.models import Dispute, Payment, Refund
from payments.stripe_objects import Repayment

logger = logging.getLogger(__name__)
lane = Lane("refunds", workers=2)
Status = Refund.Status

TRY_AGAIN_AFTER = timedelta(days=1)
MOST_ATTEMPTS = 3
STATUS_OF = {
    "pending": Status.SUBMITTED,
    "requires_action": Status.SUBMITTED,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}


def returnable(payment: Payment) -> int:
    """What is left of the money received, in minor units, after everything returned or owed."""
    returning = payment.refunds.filter(status__in=Refund.RETURNING).aggregate(sum=Sum("amount"))["sum"] or 0
    return max(payment.amount_received - returning, 0)


def owe(payment: Payment, *, amount: int, reason: str, now: datetime, part: str = "") -> Refund:
    """Owe money back, in the caller's transaction, which holds the payment's lock: once per payment, reason and part.

    RefundTooLarge when less than that is left. No network: `submit_refunds` gives it back.
    """
    key = f"holdfast:{payment.reference}:refund:{reason}{part}"
    owed = Refund.objects.filter(key=key).first()
    if owed is not None:
        return owed
    if amount > returnable(payment):
        raise RefundTooLarge
    return _write(payment, key=key, amount=amount, reason=reason, now=now)


def owe_rest(payment: Payment, *, reason: str, now: datetime) -> None:
    """Owe back whatever of the payment is not returned or owed yet; like `owe`."""
    rest = returnable(payment)
    if rest:
        owe(payment, amount=rest, reason=reason, now=now)


def due(*, now: datetime) -> QuerySet[Refund]:
    """The refunds to submit, oldest first; not those of a charge its payer contests, which would be paid twice."""
    contested = Dispute.objects.exclude(status__in=Dispute.SETTLED).values("payment")
    owed = Refund.objects.filter(status=Status.DUE, due_at__lte=now).exclude(payment__in=contested)
    return owed.select_related("payment").order_by("id")


def submit(refund: Refund, *, now: datetime) -> Refund | None:
    """Give an owed refund back at Stripe and record the answer; None when another run is at it.

    Network between short transactions. PaymentsUnavailable: no answer, it stays due and the same key asks again.
    """
    if not refund.claim(now):
        return None
    try:
        fact = _asked_before(refund, now) or stripe_client.refund(
            intent_id=refund.payment.stripe_intent_id or "",
            amount=refund.amount,
            metadata=refund.metadata,
            idempotency_key=refund.idempotency_key,
        )
        # A replayed answer is the refund as it was then; the events tell how it went on, in any order.
        record(fact, now=now)
    except stripe_client.StripeUnavailable as error:
        raise PaymentsUnavailable from error
    except stripe_client.StripeRejected as error:
        _refused(refund, code=str(error), now=now)
    finally:
        refund.release(now)
    refund.refresh_from_db()
    return refund


def submit_after_commit(refund: Refund, *, now: datetime) -> None:
    """Try it in the background once the caller's transaction has committed; `submit_refunds` does what this misses."""
    lane.run(_submit_now, refund.pk, now=now)


def _submit_now(refund_id: int, *, now: datetime) -> None:
    refund = due(now=now).filter(pk=refund_id).first()
    if refund is not None:
        submit(refund, now=now)


def record(fact: Repayment, *, now: datetime) -> Refund | None:
    """Write down what Stripe says of one refund, ours or the dashboard's, once and in any order; None: not ours.

    Opens a transaction or joins the caller's; locks the payment first. No network.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).filter(stripe_intent_id=fact.intent_id).first()
        if payment is None or not 1 <= fact.amount <= MAXIMUM_AMOUNT or fact.status not in STATUS_OF:
            return None
        refund = _row_of(payment, fact, now)
        _move(refund, fact, now)
        _fit_debts(payment, now)
        return refund


def correct(fact: Repayment, *, seen: Refund | None, now: datetime) -> None:
    """Like `record`, for a refund just read at Stripe: its present state also takes back what a row says too early.

    `seen` is the row it was compared with; one that has changed since was told of something newer, and stays.
    """
    with transaction.atomic():
        refund = record(fact, now=now)
        if refund is None:
            return
        status = STATUS_OF[fact.status]
        unchanged = seen is not None and (refund.pk, refund.status) == (seen.pk, seen.status)
        if unchanged and (refund.status, refund.amount) != (status, fact.amount):
            ended_at = refund.ended_at or now if status in (Status.SUCCEEDED, Status.FAILED) else None
            code = (fact.failure_reason or fact.status) if status == Status.FAILED else ""
            refund.change(status, amount=fact.amount, failure_code=code, ended_at=ended_at)
            _fit_debts(refund.payment, now)


def unmake(seen: Refund, *, now: datetime) -> None:
    """Take back that a refund was given, which Stripe has never made: what we owed is owed again. No network."""
    with transaction.atomic():
        Payment.objects.select_for_update(no_key=True).get(pk=seen.payment_id)
        refund = Refund.objects.select_related("payment__member").get(pk=seen.pk)
        if (refund.status, refund.stripe_refund_id) != (seen.status, seen.stripe_refund_id):
            return
        refund.change(Status.FAILED, failure_code="not_at_stripe", ended_at=now)
        if _is_debt(refund):
            reopen(refund, now=now, due_at=now)


def reopen(refund: Refund, *, now: datetime, due_at: datetime) -> Refund | None:
    """Owe a failed refund again, in the caller's transaction; once a failure, and no more than is left."""
    amount = min(refund.amount, returnable(refund.payment))
    if not amount:
        return None
    again = Refund.objects.filter(key=f"retry:{refund.reference}").first()
    return again or _write(
        refund.payment,
        key=f"retry:{refund.reference}",
        amount=amount,
        reason=refund.reason,
        now=now,
        due_at=due_at,
        attempt=refund.attempt + 1,
    )


def owe_again(refund_id: int, *, now: datetime) -> Refund | None:
    """Owe a failed refund again at once, as staff ask; None when nothing of it is left. Opens a transaction."""
    with transaction.atomic():
        refund = Refund.objects.select_related("payment").get(pk=refund_id)
        Payment.objects.select_for_update(no_key=True).get(pk=refund.payment_id)
        return reopen(refund, now=now, due_at=now) if refund.status == Status.FAILED else None


def _write(payment: Payment, *, now: datetime, due_at: datetime | None = None, **fields: object) -> Refund:
    return Refund.objects.create(
        payment=payment, currency=payment.currency, due_at=due_at or now, created_at=now, **fields
    )


def _asked_before(refund: Refund, now: datetime) -> Repayment | None:
    """The refund an earlier attempt made, once its key may be forgotten; within a day the key itself tells.

    The row's age counts too: one that came back with a backup does not know that it was asked for.
    """
    if now - min(refund.created_at, refund.asked_at or now) < stripe_client.KEY_LIVES:
        return None
    made = stripe_client.refunds_of(refund.payment.stripe_intent_id or "")
    return next((fact for fact in made if fact.metadata.get("refund") == str(refund.reference)), None)


def _refused(refund: Refund, *, code: str, now: datetime) -> None:
    """Stripe will not give it back. Often somebody did already: record that, then owe what is still left."""
    try:
        facts = stripe_client.refunds_of(refund.payment.stripe_intent_id or "")
    except stripe_client.StripeRejected:
        facts = []
    except stripe_client.StripeUnavailable as error:
        raise PaymentsUnavailable from error
    for fact in facts:
        record(fact, now=now)
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=refund.payment_id)
        mine = Refund.objects.select_related("payment").get(pk=refund.pk, payment=payment)
        if mine.status == Status.DUE:
            _fail(mine, code=code, now=now)


def _row_of(payment: Payment, fact: Repayment, now: datetime) -> Refund:
    """The row of this refund: known by its id, else by our metadata, else a debt it settles, else a row of its own."""
    rows = Refund.objects.select_related("payment__member").filter(payment=payment)
    known = rows.filter(stripe_refund_id=fact.id).first()
    if known is not None:
        return known
    for mine in rows.filter(stripe_refund_id=None):
        if fact.metadata.get("refund") == str(mine.reference):
            return mine
    for debt in rows.filter(status=Status.DUE, asked_at=None, amount__lte=fact.amount).order_by("id"):
        if debt.resize(fact.amount):
            return debt
    return _write(payment, key=f"stripe:{fact.id}", amount=fact.amount, reason="dashboard", now=now)


def _move(refund: Refund, fact: Repayment, now: datetime) -> None:
    status = STATUS_OF[fact.status]
    known = {"stripe_refund_id": fact.id}
    if Refund.RANK.index(status) <= Refund.RANK.index(Status(refund.status)):
        refund.change(Status(refund.status), **known)
    elif status == Status.FAILED:
        _fail(refund, code=fact.failure_reason or fact.status, now=now, **known)
    elif status == Status.SUCCEEDED:
        refund.change(status, ended_at=now, **known)
        messages.tell_refund(refund, now=now)
    else:
        refund.change(status, **known)


def _fail(refund: Refund, *, code: str, now: datetime, **known: str) -> None:
    """It did not reach the member: owe it again tomorrow, and after the last attempt leave it to staff."""
    refund.change(Status.FAILED, failure_code=code[:64], ended_at=now, **known)
    again = None
    if _is_debt(refund) and refund.attempt < MOST_ATTEMPTS:
        # Less is left than was owed: somebody returned a part meanwhile, and the rest need not wait.
        part = returnable(refund.payment) < refund.amount
        again = reopen(refund, now=now, due_at=now if part else now + TRY_AGAIN_AFTER)
    if again is None and returnable(refund.payment):
        logger.error("The refund %s of %s failed for good (%s): see the admin", refund.reference, refund.payment, code)
        messages.tell_refund(refund, now=now)


def _is_debt(refund: Refund) -> bool:
    """Whether we owe it: what staff give back of their own accord they must give again themselves.

    Of a late payment everything is owed, also what the dashboard was quicker to return.
    """
    return refund.reason != "dashboard" or refund.payment.refunds.filter(reason="late_payment").exists()


def _fit_debts(payment: Payment, now: datetime) -> None:
    """Debts that were never sent give way to what was returned; see Note [Facts before debts]."""
    if not payment.amount_received:
        return
    returned = payment.refunds.filter(status__in=(Status.SUBMITTED, Status.SUCCEEDED)).aggregate(sum=Sum("amount"))
    left = max(payment.amount_received - (returned["sum"] or 0), 0)
    for debt in payment.refunds.filter(status=Status.DUE).order_by("id"):
        if left == 0:
            debt.call_off(now, code="already_returned")
        elif debt.amount > left:
            debt.resize(left)
        left = max(left - debt.amount, 0)
