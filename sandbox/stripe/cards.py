"""Stripe's test cards, by number and by token, and one of the sandbox's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrialCard:
    """A card that always behaves the same way."""

    number: str
    tokens: tuple[str, ...] = ()
    brand: str = "visa"
    outcome: str = "succeed"  # succeed | decline | process
    asks: bool = False  # the issuer wants to hear its holder first
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None
    refund: str = "succeeds"  # succeeds | pends | fails
    dispute: str | None = None  # the reason, or "inquiry"
    funding: str = "credit"
    country: str = "US"
    blocked: bool = False

    @property
    def last4(self) -> str:
        """All of its number that may be shown."""
        return self.number[-4:]

    def refusal(self) -> dict[str, Any]:
        """The payment error of this card when it is declined."""
        return {
            "type": "card_error",
            "code": self.code,
            "decline_code": self.decline_code,
            "message": self.message,
        }


def _declined(
    number: str, reason: str, message: str, *tokens: str, code: str = "card_declined", **more: Any
) -> TrialCard:
    return TrialCard(number, tokens, outcome="decline", code=code, decline_code=reason, message=message, **more)


_NO = "Your card was declined."
_NO_FUNDS = "Your card has insufficient funds."

CARDS = (
    TrialCard("4242424242424242", ("pm_card_visa", "pm_card_us")),
    TrialCard("4000056655665556", ("pm_card_visa_debit",), funding="debit"),
    TrialCard("5555555555554444", ("pm_card_mastercard",), "mastercard"),
    TrialCard("2223003122003222", (), "mastercard"),
    TrialCard("5200828282828210", ("pm_card_mastercard_debit",), "mastercard", funding="debit"),
    TrialCard("5105105105105100", ("pm_card_mastercard_prepaid",), "mastercard", funding="prepaid"),
    TrialCard("378282246310005", ("pm_card_amex",), "amex"),
    TrialCard("371449635398431", (), "amex"),
    TrialCard("6011111111111117", ("pm_card_discover",), "discover"),
    TrialCard("3056930009020004", ("pm_card_diners",), "diners"),
    TrialCard("3566002020360505", ("pm_card_jcb",), "jcb"),
    TrialCard("6200000000000005", ("pm_card_unionpay",), "unionpay"),
    TrialCard("4000008260000000", ("pm_card_gb",), country="GB"),
    TrialCard("4000002500000003", ("pm_card_fr",), country="FR"),
    TrialCard("4000002760000016", ("pm_card_de",), country="DE"),
    TrialCard("4000000000000077", ("pm_card_bypassPending",)),
    _declined("4000000000000002", "generic_decline", _NO, "pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"),
    _declined(
        "4000000000009995", "insufficient_funds", _NO_FUNDS,
        "pm_card_chargeDeclinedInsufficientFunds", "pm_card_visa_chargeDeclinedInsufficientFunds",
    ),
    _declined("4000000000009987", "lost_card", _NO, "pm_card_visa_chargeDeclinedLostCard"),
    _declined("4000000000009979", "stolen_card", _NO, "pm_card_visa_chargeDeclinedStolenCard"),
    _declined(
        "4000000000006975", "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
    ),
    _declined("4100000000000019", "fraudulent", _NO, "pm_card_radarBlock", blocked=True),
    _declined(
        "4000000000000069", "expired_card", "Your card has expired.",
        "pm_card_chargeDeclinedExpiredCard", "pm_card_visa_chargeDeclinedExpiredCard", code="expired_card",
    ),
    _declined(
        "4000000000000127", "incorrect_cvc", "Your card's security code is incorrect.",
        "pm_card_chargeDeclinedIncorrectCvc", "pm_card_visa_chargeDeclinedIncorrectCvc", code="incorrect_cvc",
    ),
    _declined(
        "4000000000000119", "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
        "pm_card_chargeDeclinedProcessingError", "pm_card_visa_chargeDeclinedProcessingError", code="processing_error",
    ),
    TrialCard("4000002500003155", ("pm_card_authenticationRequiredOnSetup",), asks=True),
    TrialCard("4000002760003184", ("pm_card_authenticationRequired",), asks=True),
    TrialCard("4000000000003220", ("pm_card_threeDSecure2Required",), asks=True),
    TrialCard("4000000000003055", ("pm_card_threeDSecureOptional",)),
    _declined(
        "4000008260003178", "insufficient_funds", _NO_FUNDS,
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", asks=True,
    ),
    _declined("4000008400001629", "generic_decline", _NO, "pm_card_threeDSecureRequiredChargeDeclined", asks=True),
    TrialCard("4000000000005126", ("pm_card_refundFail",), refund="fails"),
    TrialCard("4000000000007726", ("pm_card_pendingRefund",), refund="pends"),
    TrialCard("4000000000000259", ("pm_card_createDispute",), dispute="fraudulent"),
    TrialCard("4000000000002685", ("pm_card_createDisputeProductNotReceived",), dispute="product_not_received"),
    TrialCard("4000000000001976", ("pm_card_createDisputeInquiry",), dispute="inquiry"),
    TrialCard("4000000000008807", ("pm_sandbox_processing",), outcome="process"),
)  # fmt: skip

BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {token: card for card in CARDS for token in card.tokens}


def adds_up(number: str) -> bool:
    """Whether the last digit of a card number is the check digit of the others."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0
