"""Stripe's test payment methods, and one of the sandbox's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrialCard:
    """A payment method that always behaves the same way."""

    outcome: str  # succeed | decline | authenticate | process
    brand: str = "visa"
    last4: str = "4242"
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None

    def refusal(self) -> dict[str, Any]:
        """The payment error of this card when it is declined."""
        return {
            "type": "card_error",
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
        }


_GENERIC = TrialCard("decline", "visa", "0002", "card_declined", "generic_decline", "Your card was declined.")
_INSUFFICIENT = TrialCard(
    "decline", "visa", "9995", "card_declined", "insufficient_funds", "Your card has insufficient funds."
)
_EXPIRED = TrialCard("decline", "visa", "0069", "expired_card", "expired_card", "Your card has expired.")

BY_TOKEN = {
    "pm_card_visa": TrialCard("succeed"),
    "pm_card_mastercard": TrialCard("succeed", "mastercard", "4444"),
    "pm_card_chargeDeclined": _GENERIC,
    "pm_card_visa_chargeDeclined": _GENERIC,
    "pm_card_chargeDeclinedInsufficientFunds": _INSUFFICIENT,
    "pm_card_visa_chargeDeclinedInsufficientFunds": _INSUFFICIENT,
    "pm_card_chargeDeclinedExpiredCard": _EXPIRED,
    "pm_card_visa_chargeDeclinedExpiredCard": _EXPIRED,
    "pm_card_authenticationRequired": TrialCard("authenticate", "visa", "3184"),
    "pm_card_threeDSecure2Required": TrialCard("authenticate", "visa", "3220"),
    "pm_sandbox_processing": TrialCard("process", "visa", "0077"),
}


def payment_method(card: TrialCard, *, identifier: str, now: int) -> dict[str, Any]:
    """The PaymentMethod object of a card, as it stands inside a payment error."""
    return {
        "id": identifier,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2040,
            "fingerprint": f"sandbox{card.last4}",
            "funding": "credit",
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
