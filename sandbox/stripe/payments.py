"""Acts on intents with everything that follows from them: the charge, the stored intent, the event."""

from __future__ import annotations

from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import cards, errors, events, intents, money

Json = dict[str, Any]

NO_REQUEST: Json = {"id": None, "idempotency_key": None}


def checked(wanted: Json) -> Json:
    """The parameters of a new intent with amount and currency checked; refuses what is missing or out of bounds."""
    for name in ("amount", "currency"):
        if wanted.get(name) is None:
            raise errors.invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    currency = money.check_currency(wanted["currency"])
    return wanted | {"currency": currency, "amount": money.check_amount(wanted["amount"], currency)}


def create(sandbox: Sandbox, wanted: Json, *, origin: Json) -> Json:
    """A new intent, its payment method attached and tried if that was asked for."""
    token = wanted.get("payment_method")
    if token:
        _card(sandbox, token)
    identifier = mint("pi_3")
    secret = mint(f"{identifier}_secret_", 25)
    intent = intents.open_intent(identifier=identifier, secret=secret, now=sandbox.now(), wanted=wanted)
    if token:
        intents.attach(intent, method=_minted(sandbox, token))
    sandbox.intents.put(intent)
    events.emit(sandbox, "payment_intent.created", intent, request=origin)
    if wanted.get("confirm"):
        return confirm(sandbox, intent, {"return_url": wanted.get("return_url")}, origin=origin)
    return intent


def confirm(sandbox: Sandbox, intent: Json, wanted: Json, *, origin: Json) -> Json:
    """Try to pay the intent; refuses with the issuer's decline when the card is declined."""
    intents.check_confirmable(intent)
    token = wanted.get("payment_method") or intent["payment_method"]
    if not token:
        raise errors.unexpected_state(intent, "You cannot confirm this PaymentIntent: it has no payment method.")
    card, method = _card(sandbox, token), payment_method(sandbox, _minted(sandbox, token))
    intent |= {name: wanted[name] for name in ("receipt_email", "setup_future_usage") if wanted.get(name)}
    url = f"{sandbox.base_url}/_sandbox/payment_intents/{intent['id']}/authenticate"
    happened = intents.confirm(
        intent,
        card=card,
        method=method,
        charge=mint("ch_3"),
        next_action=intents.payer_action(url, wanted.get("return_url")),
    )
    events.emit(sandbox, happened, intent, request=origin)
    if intent["last_payment_error"]:
        raise errors.declined(intent)
    return intent


def cancel(sandbox: Sandbox, intent: Json, *, reason: str | None, origin: Json) -> Json:
    """End an intent that was never paid."""
    happened = intents.cancel(intent, reason=reason, now=sandbox.now())
    events.emit(sandbox, happened, intent, request=origin)
    return intent


def authenticate(sandbox: Sandbox, intent: Json, *, ok: bool) -> Json:
    """The payer answered the issuer's question."""
    intents.check_awaits_payer(intent)
    method = payment_method(sandbox, intent["payment_method"])
    happened = intents.authenticate(intent, ok=ok, method=method, charge=mint("ch_3"))
    events.emit(sandbox, happened, intent, request=NO_REQUEST)
    return intent


def settle(sandbox: Sandbox, intent: Json, *, ok: bool) -> Json:
    """The bank ended a payment that was processing."""
    intents.check_processing(intent)
    happened = intents.settle(intent, ok=ok, method=payment_method(sandbox, intent["payment_method"]))
    events.emit(sandbox, happened, intent, request=NO_REQUEST)
    return intent


def _card(sandbox: Sandbox, token: str) -> cards.TrialCard:
    card = cards.BY_TOKEN.get(sandbox.methods.get(token, token))
    if card is None:
        raise errors.missing("PaymentMethod", token, param="payment_method", status=400)
    return card


def _minted(sandbox: Sandbox, token: str) -> str:
    if token in sandbox.methods:
        return token
    identifier = mint("pm_1")
    sandbox.methods[identifier] = token
    return identifier


def payment_method(sandbox: Sandbox, identifier: str) -> Json:
    """The PaymentMethod object behind an identifier."""
    return cards.payment_method(_card(sandbox, identifier), identifier=identifier, now=sandbox.now())
