"""The Charge: one attempt to take money for an intent; pure, so each act is told the time and its identifier."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.cards import TrialCard

Json = dict[str, Any]
Charge = Json

_ABSENT = (
    "application", "application_fee", "application_fee_amount", "authorization_code", "balance_transaction",
    "failure_balance_transaction", "failure_code", "failure_message", "level3", "on_behalf_of", "outcome",
    "presentment_details", "radar_options", "receipt_number", "receipt_url", "review", "source", "source_transfer",
    "statement_descriptor", "transfer", "transfer_data", "transfer_group",
)  # fmt: skip
_FROM_INTENT = (
    "amount", "currency", "customer", "description", "metadata", "receipt_email", "shipping",
    "statement_descriptor_suffix",
)  # fmt: skip


def pending(intent: Json, *, identifier: str, method: Json, asked: bool, now: int) -> Charge:
    """A charge that nobody has decided yet; `asked` tells whether the issuer heard the card's holder first."""
    return dict.fromkeys(_ABSENT) | {
        **{name: intent[name] for name in _FROM_INTENT},
        "id": identifier,
        "object": "charge",
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX",
        "captured": False,
        "created": now,
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card(intent, method, asked=asked), "type": "card"},
        "refunded": False,
        "status": "pending",
    }


def _card(intent: Json, method: Json, *, asked: bool) -> Json:
    card = method["card"]
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    return {
        **{name: card[name] for name in same},
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": _AUTHENTICATED if asked else None,
    }


_AUTHENTICATED: Json = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": None,
    "version": "2.2.0",
}


def approve(charge: Charge, *, captured: int | None) -> None:
    """The issuer said yes; without an amount captured it only holds the money."""
    charge |= {
        "amount_captured": captured or 0,
        "captured": captured is not None,
        "outcome": _outcome("authorized", "approved_by_network", "Payment complete."),
        "paid": True,
        "status": "succeeded",
    }


def refuse(charge: Charge, error: Json, card: TrialCard) -> None:
    """The issuer said no, or the payment was stopped before it was asked."""
    if card.blocked:
        outcome = _outcome("blocked", "not_sent_to_network", "The payment was blocked as too risky.")
        outcome |= {"reason": "highest_risk_level", "risk_level": "highest", "risk_score": 90}
    else:
        outcome = _outcome("issuer_declined", "declined_by_network", "The bank declined this payment.")
        outcome["reason"] = error.get("decline_code") or error["code"]
    charge |= {
        "failure_code": error["code"],
        "failure_message": error["message"],
        "outcome": outcome,
        "status": "failed",
    }


def _outcome(kind: str, network: str, message: str) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network,
        "reason": None,
        "risk_level": "normal",
        "risk_score": 21,
        "seller_message": message,
        "type": kind,
    }


def capture(charge: Charge, amount: int) -> None:
    """Take what was held; the rest goes back to the card."""
    charge |= {"amount_captured": amount, "amount_refunded": charge["amount"] - amount, "captured": True}


def give_back(charge: Charge, amount: int) -> Json:
    """Count a refund, or with a negative amount one that failed; answers what that changed, as it was before."""
    before = {name: charge[name] for name in ("amount_refunded", "refunded")}
    refunded = charge["amount_refunded"] + amount
    charge |= {"amount_refunded": refunded, "refunded": refunded >= charge["amount"]}
    return {name: value for name, value in before.items() if charge[name] != value}
