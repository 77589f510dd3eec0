"""Payment methods: made from a test token or from card details; a card number is never kept or shown."""

from __future__ import annotations

import re
import time
from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import errors
from sandbox.stripe.cards import BY_NUMBER, BY_TOKEN, TrialCard, adds_up

Json = dict[str, Any]

_DIGITS = re.compile(r"^\d{12,19}$", re.ASCII)
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
_NEVER_EXPIRES = {"exp_month": 12, "exp_year": 2040}


def given(sandbox: Sandbox, wanted: Json) -> Json | None:
    """The payment method a request names or describes, made if it is new; None when it gives none."""
    token, data = wanted.get("payment_method"), wanted.get("payment_method_data")
    if token and data:
        raise errors.invalid("Give either payment_method or payment_method_data, not both", param="payment_method_data")
    if data:
        return _from_card(sandbox, data)
    return _from_token(sandbox, token) if token else None


def trial(sandbox: Sandbox, method: Json) -> TrialCard:
    """The test card behind a payment method."""
    return sandbox.trials[method["id"]]


def _from_token(sandbox: Sandbox, token: str) -> Json:
    kept = sandbox.methods.find(token)
    if kept is not None:
        return kept
    if token.isdecimal():  # perhaps a card number, which no answer repeats
        raise errors.missing("PaymentMethod", "****", param="payment_method", status=400)
    if token not in BY_TOKEN:
        raise errors.missing("PaymentMethod", token, param="payment_method", status=400)
    return _kept(sandbox, BY_TOKEN[token], dict(_NEVER_EXPIRES), {})


def _from_card(sandbox: Sandbox, data: Json) -> Json:
    details = data.get("card") or {}
    for name in ("number", "exp_month", "exp_year"):
        if details.get(name) is None:
            param = f"payment_method_data[card][{name}]"
            raise errors.invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    card = _recognised(re.sub(r"[ -]", "", details["number"]))
    expiry = _expiry(details["exp_month"], details["exp_year"], now=sandbox.now())
    cvc = details.get("cvc")
    if cvc is not None and not re.fullmatch(r"\d{3,4}", cvc, re.ASCII):
        raise errors.card("Your card's security code is invalid.", code="invalid_cvc", param="cvc")
    return _kept(sandbox, card, expiry | {"cvc": cvc}, data)


def _recognised(number: str) -> TrialCard:
    if not _DIGITS.match(number) or not adds_up(number):
        raise errors.card("Your card number is incorrect.", code="incorrect_number", param="number")
    if number not in BY_NUMBER:
        message = "Your card was declined. This is a test key, and the card is not one of Stripe's test cards."
        raise errors.card(message, code="card_declined", decline_code="test_mode_live_card")
    return BY_NUMBER[number]


def _expiry(month: int, year: int, *, now: int) -> Json:
    today = time.gmtime(now)
    year += 2000 if 0 <= year < 100 else 0
    if not 1 <= month <= 12:
        raise errors.card("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    if not today.tm_year <= year <= today.tm_year + 50:
        raise errors.card("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    if (year, month) < (today.tm_year, today.tm_mon):
        raise errors.card("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    return {"exp_month": month, "exp_year": year}


def _kept(sandbox: Sandbox, card: TrialCard, details: Json, data: Json) -> Json:
    method = _payment_method(card, details, data, identifier=mint("pm_1"), now=sandbox.now())
    sandbox.methods.put(method)
    sandbox.trials[method["id"]] = card
    return method


def _payment_method(card: TrialCard, details: Json, data: Json, *, identifier: str, now: int) -> Json:
    billing = data.get("billing_details") or {}
    address = billing.get("address") or {}
    return {
        "id": identifier,
        "object": "payment_method",
        "allow_redisplay": data.get("allow_redisplay") or "unspecified",
        "billing_details": {
            "address": {name: address.get(name) for name in _ADDRESS},
            **{name: billing.get(name) for name in ("email", "name", "phone", "tax_id")},
        },
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": "pass" if address.get("line1") else None,
                "address_postal_code_check": "pass" if address.get("postal_code") else None,
                "cvc_check": "pass" if details.get("cvc", True) else None,
            },
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": details["exp_month"],
            "exp_year": details["exp_year"],
            "fingerprint": f"sandbox{card.last4}",
            "funding": card.funding,
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": data.get("metadata") or {},
        "type": "card",
    }
