"""Currencies the sandbox takes, and the least and most one payment may be."""

from __future__ import annotations

from sandbox.stripe import errors

MOST = 99_999_999

# In minor units, by currency. Stripe publishes these and changes them; the live API has the last word.
_LEAST = {
    "usd": 50, "eur": 50, "aud": 50, "cad": 50, "chf": 50, "nzd": 50, "sgd": 50, "brl": 50, "inr": 50,
    "gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "hkd": 400, "mxn": 1000, "jpy": 50,
    "myr": 200, "thb": 1000, "aed": 200, "czk": 1500, "huf": 17500, "ron": 200,
}  # fmt: skip


def check_currency(currency: str) -> str:
    """The currency in lower case; refuses what is not on the list."""
    currency = currency.lower()
    if currency not in _LEAST:
        raise errors.invalid(
            f"Invalid currency: {currency}. The sandbox takes: {', '.join(sorted(_LEAST))}", param="currency"
        )
    return currency


def check_amount(amount: int, currency: str) -> int:
    """The amount in minor units; refuses what is below the currency's minimum or above eight digits."""
    if amount < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount < _LEAST[currency]:
        message = f"Amount must be at least {_LEAST[currency]} {currency} in its smallest unit."
        raise errors.invalid(message, param="amount", code="amount_too_small")
    if amount > MOST:
        raise errors.invalid(f"Amount must be no more than {MOST}.", param="amount", code="amount_too_large")
    return amount
