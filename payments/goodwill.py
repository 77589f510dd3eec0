"""Staff give money back of their own accord: in whole or part, for a reason, and never more than is left.

What it was paid for stands: a booking is still paid, a pack still has its credits. Who cancels that booking later gets
back what the terms say, as far as it is still there.
"""

from datetime import datetime

from django.db import transaction

from members import acts
from members.models import Member
from payments import refunds
from payments.currencies import written
from payments.exceptions import ChargeContested, NotReturnable, RefundsMoved, RefundTooLarge
from payments.models import Dispute, Payment

REASON = "staff"


def give(payment_id: int, *, member: Member, amount: int, seen: int, by: Member, reason: str, now: datetime) -> bool:
    """Owe a part of this member's payment back; False when the same was asked before. Opens a transaction, no network.

    `seen` is how many refunds of it whoever asks has seen: what they decide rests on these, so that a form sent twice,
    or from a page of yesterday, gives nothing twice. NotReturnable when it is not paid, contested, has more refunds by
    now, or less is left.
    """
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).filter(pk=payment_id, member=member).first()
        if payment is None or payment.status != Payment.Status.PAID:
            raise NotReturnable
        if _repeated(payment, amount=amount, seen=seen):
            return False
        left = _left(payment)
        try:
            refund = refunds.owe(payment, amount=amount, reason=REASON, part=f":{seen}", now=now)
        except RefundTooLarge as error:
            raise NotReturnable(f"Only {written(left, payment.currency)} is left of this payment.") from error
        after = {"left": left - amount, "refund": str(refund.reference), "amount": amount, "currency": payment.currency}
        acts.record(
            actor=by, act="refund", subject=payment.subject, now=now, before={"left": left}, after=after, reason=reason
        )
        refunds.submit_after_commit(refund, now=now)
    return True


def _repeated(payment: Payment, *, amount: int, seen: int) -> bool:
    """Whether it was asked for from the same page before; RefundsMoved when that page tells too little by now."""
    asked = payment.refunds.filter(key__endswith=f":{REASON}:{seen}").first()
    if asked is None and payment.refunds.count() == seen:
        return False
    if asked is None or asked.amount != amount:
        raise RefundsMoved
    return True


def _left(payment: Payment) -> int:
    contested = payment.disputes.exclude(status__in=Dispute.SETTLED)
    if contested.exists():
        raise ChargeContested
    return refunds.returnable(payment)
