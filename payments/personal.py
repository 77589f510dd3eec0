"""What payments holds about a member. It forgets nothing of one who is erased: all of it is the studio's books."""

from typing import Any

from members.models import Member
from payments.models import CreditLot, CreditSpend, PackPurchase, Payment


def held(member: Member) -> dict[str, Any]:
    """Payments with what came back, credits with every movement, purchases; a fixed number of queries."""
    payments = Payment.objects.filter(member=member).prefetch_related("refunds", "disputes", "events")
    lots = CreditLot.objects.filter(member=member).prefetch_related("entries__spend")
    spends = CreditSpend.objects.filter(member=member)
    purchases = PackPurchase.objects.filter(member=member)
    return {
        "payments": [_payment(payment) for payment in payments.order_by("id")],
        "credits": [_lot(lot) for lot in lots.order_by("id")],
        "spends": list(spends.order_by("id").values("subject", "credits", "created_at")),
        "purchases": [_purchase(purchase) for purchase in purchases.order_by("id")],
    }


def _payment(payment: Payment) -> dict[str, Any]:
    """Of Stripe's names only the intent's; never what could pay."""
    return {
        "subject": payment.subject,
        "description": payment.description,
        "amount": payment.amount,
        "amount_received": payment.amount_received,
        "currency": payment.currency,
        "status": payment.status,
        "intent": payment.stripe_intent_id,
        "failure_code": payment.failure_code or None,
        "decline_code": payment.decline_code or None,
        "created_at": payment.created_at,
        "ended_at": payment.ended_at,
        "refunds": [
            {
                "amount": refund.amount,
                "currency": refund.currency,
                "reason": refund.reason,
                "status": refund.status,
                "created_at": refund.created_at,
                "ended_at": refund.ended_at,
            }
            for refund in payment.refunds.all()
        ],
        "disputes": [
            {
                "amount": dispute.amount,
                "currency": dispute.currency,
                "reason": dispute.reason,
                "status": dispute.status,
                "created_at": dispute.created_at,
                "closed_at": dispute.closed_at,
            }
            for dispute in payment.disputes.all()
        ],
        "events": [{"type": event.type, "received_at": event.received_at} for event in payment.events.all()],
    }


def _lot(lot: CreditLot) -> dict[str, Any]:
    return {
        "granted": lot.granted,
        "remaining": lot.remaining,
        "source": lot.source,
        "note": lot.note,
        "created_at": lot.created_at,
        "expires_at": lot.expires_at,
        "entries": [
            {
                "kind": entry.kind,
                "credits": entry.credits,
                "subject": entry.spend.subject if entry.spend else None,
                "at": entry.created_at,
            }
            for entry in lot.entries.all()
        ],
    }


def _purchase(purchase: PackPurchase) -> dict[str, Any]:
    return {
        "reference": purchase.reference,
        "name": purchase.name,
        "credits": purchase.credits,
        "amount": purchase.amount,
        "currency": purchase.currency,
        "valid_days": purchase.valid_days,
        "status": purchase.status,
        "idempotency_key": purchase.idempotency_key,
        "created_at": purchase.created_at,
        "expires_at": purchase.expires_at,
        "paid_at": purchase.paid_at,
        "ended_at": purchase.ended_at,
        "ended_reason": purchase.ended_reason or None,
    }
