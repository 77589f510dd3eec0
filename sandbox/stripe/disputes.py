"""Disputes: the payer's bank takes the money back, and someone decides who keeps it."""

from __future__ import annotations

from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import errors, events, metadata

Json = dict[str, Any]

REASONS = {
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "duplicate": "12.6",
    "product_unacceptable": "13.3",
    "credit_not_processed": "13.6",
    "general": None,
    "subscription_canceled": "13.2",
    "unrecognized": "10.4",
}
OPEN = {"needs_response", "under_review", "warning_needs_response", "warning_under_review"}
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip

_FEE = 1500
_DAYS = 24 * 60 * 60
_NO_REQUEST: Json = {"id": None, "idempotency_key": None}


def open_dispute(sandbox: Sandbox, charge: Json, *, reason: str, amount: int) -> Json:
    """The payer's bank disputes a charge, for a reason or as an inquiry; the amount leaves the account at once."""
    if not charge["paid"] or charge["disputed"]:
        raise errors.invalid(f"Charge {charge['id']} is not paid, or already disputed.", param="charge")
    if not 1 <= amount <= charge["amount"]:
        raise errors.invalid("A dispute is about the charge's amount or a part of it.", param="amount")
    inquiry = reason == "inquiry"
    dispute = _dispute(charge, reason="fraudulent" if inquiry else reason, inquiry=inquiry, now=sandbox.now())
    dispute["amount"] = amount
    if not inquiry:
        dispute["balance_transactions"] = [_movement(dispute, -amount, fee=_FEE, now=sandbox.now())]
    charge["disputed"] = True
    sandbox.disputes.put(dispute)
    events.emit(sandbox, "charge.dispute.created", dispute, request=_NO_REQUEST)
    if not inquiry:
        events.emit(sandbox, "charge.dispute.funds_withdrawn", dispute, request=_NO_REQUEST)
    return dispute


def close(sandbox: Sandbox, dispute: Json, *, won: bool, origin: Json = _NO_REQUEST) -> Json:
    """Decide an open dispute; what is won comes back. Refuses one that is closed."""
    before = dispute["status"]
    if before not in OPEN:
        raise errors.invalid("This dispute is already closed.", code="dispute_closed")
    inquiry = before.startswith("warning_")
    dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    events.emit(sandbox, "charge.dispute.closed", dispute, request=origin, previous={"status": before})
    if won and not inquiry:
        back = _movement(dispute, dispute["amount"], fee=0, now=sandbox.now())
        dispute["balance_transactions"] = [*dispute["balance_transactions"], back]
        events.emit(sandbox, "charge.dispute.funds_reinstated", dispute, request=origin)
    return dispute


def update(sandbox: Sandbox, dispute: Json, wanted: Json, *, origin: Json) -> Json:
    """Metadata and evidence; `winning_evidence` and `losing_evidence` decide it, as in Stripe's test mode."""
    previous = {}
    if "metadata" in wanted:
        previous["metadata"] = dispute["metadata"]
        dispute["metadata"] = metadata.merged(dispute["metadata"], wanted["metadata"])
    evidence = wanted.get("evidence") or {}
    if evidence:
        if dispute["status"] not in OPEN:
            raise errors.invalid("This dispute is already closed.", param="evidence", code="dispute_closed")
        dispute["evidence"] = dispute["evidence"] | evidence
        dispute["evidence_details"] = dispute["evidence_details"] | {"has_evidence": True}
    events.emit(sandbox, "charge.dispute.updated", dispute, request=origin, previous=previous)
    decided = {"winning_evidence": True, "losing_evidence": False}.get(evidence.get("uncategorized_text") or "")
    if decided is not None and wanted.get("submit", True):
        close(sandbox, dispute, won=decided, origin=origin)
    return dispute


def _dispute(charge: Json, *, reason: str, inquiry: bool, now: int) -> Json:
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "id": mint("du_1"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + 9 * _DAYS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": REASONS[reason],
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": brand,
                "network_reason_code": REASONS[reason],
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _movement(dispute: Json, amount: int, *, fee: int, now: int) -> Json:
    details = {"amount": fee, "application": None, "currency": dispute["currency"], "description": "Dispute fee"}
    return {
        "id": mint("txn_1"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "balance_type": "payments",
        "created": now,
        "currency": dispute["currency"],
        "description": f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}",
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [details | {"type": "stripe_fee"}] if fee else [],
        "net": amount - fee,
        "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    }
