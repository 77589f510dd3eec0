from datetime import datetime

from payments.models import Payment, Refund


def owe(payment: Payment, *, amount: int, reason: str, now: datetime) -> Refund:
    """Owe money back, in the caller's transaction: a row, once per payment and reason; no network."""
    refund, _ = Refund.objects.get_or_create(
        key=f"holdfast:{payment.reference}:refund:{reason}",
        defaults={
            "payment": payment,
            "amount": amount,
            "currency": payment.currency,
            "reason": reason,
            "created_at": now,
        },
    )
    return refund
