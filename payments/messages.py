"""What a member is told of money that goes back; owed in the transaction of the moment itself."""

from datetime import datetime

from django.conf import settings

from notifications import outbox
from payments.currencies import written
from payments.models import Refund


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
