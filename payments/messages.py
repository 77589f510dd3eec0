"""What a member is told of credits bought and money that goes back; owed in the transaction of the moment itself."""

from datetime import datetime

from django.conf import settings

from boundary import studio_clock
from notifications import outbox
from payments.currencies import written
from payments.models import PackPurchase, Refund


def tell_refund(refund: Refund, *, now: datetime) -> None:
    """Say that a refund has succeeded, or that it could not be done."""
    payment = refund.payment
    kind = "refund_done" if refund.status == Refund.Status.SUCCEEDED else "refund_failed"
    variables = {
        "name": payment.member.name or "there",
        "amount": written(refund.amount, refund.currency),
        "title": payment.description.removeprefix(settings.STRIPE_PAYMENT_DESCRIPTION_PREFIX).strip(),
    }
    outbox.enqueue(kind=kind, subject=f"refund:{refund.reference}", member=payment.member, variables=variables, now=now)


def tell_pack_paid(purchase: PackPurchase, *, valid_until: datetime, now: datetime) -> None:
    """Say that the credits of a pack are there."""
    variables = {
        "name": purchase.member.name or "there",
        "credits": str(purchase.credits),
        "valid_until": studio_clock.written(valid_until),
    }
    outbox.enqueue(kind="pack_paid", subject=purchase.subject, member=purchase.member, variables=variables, now=now)
