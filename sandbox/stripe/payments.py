"""Acts on intents with everything that follows from them: the charge, the stored intent, the event."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import errors, events, intents, methods, money

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
    method = methods.given(sandbox, wanted)
    identifier = mint("pi_3")
    secret = mint(f"{identifier}_secret_", 25)
    intent = intents.open_intent(identifier=identifier, secret=secret, now=sandbox.now(), wanted=wanted)
    if wanted.get("confirm"):
        intents.check_return(intent, wanted)
    if method:
        intents.attach(intent, method=method["id"])
    sandbox.intents.put(intent)
    events.emit(sandbox, "payment_intent.created", intent, request=origin)
    if wanted.get("confirm"):
        return _try(sandbox, intent, wanted, origin=origin)
    return intent


def confirm(sandbox: Sandbox, intent: Json, wanted: Json, *, origin: Json) -> Json:
    """Try to pay the intent; refuses with the issuer's decline when the card is declined."""
    intents.check_confirmable(intent)
    method = methods.given(sandbox, wanted)
    if method:
        intents.attach(intent, method=method["id"])
    return _try(sandbox, intent, wanted, origin=origin)


def _try(sandbox: Sandbox, intent: Json, wanted: Json, *, origin: Json) -> Json:
    if not intent["payment_method"]:
        raise errors.unexpected_state(intent, "You cannot confirm this PaymentIntent: it has no payment method.")
    method = sandbox.methods.get(intent["payment_method"])
    kept = ("receipt_email", "setup_future_usage", "shipping")
    intent |= {name: wanted[name] for name in kept if wanted.get(name)}
    happened = intents.confirm(
        intent,
        card=methods.trial(sandbox, method),
        method=method,
        charge=mint("ch_3"),
        next_action=_next_action(sandbox, intent, wanted),
    )
    events.emit(sandbox, happened, intent, request=origin)
    if intent["last_payment_error"]:
        raise errors.declined(intent)
    return intent


def _next_action(sandbox: Sandbox, intent: Json, wanted: Json) -> Json | None:
    if wanted.get("error_on_requires_action") or wanted.get("off_session") in (True, "true", "one_off", "recurring"):
        return None
    query = urlencode({"payment_intent_client_secret": intent["client_secret"]})
    url = f"{sandbox.base_url}/stripe_js/challenge/{intent['id']}?{query}"
    return intents.payer_action(url, None if wanted.get("use_stripe_sdk") else wanted.get("return_url"))


def cancel(sandbox: Sandbox, intent: Json, *, reason: str | None, origin: Json) -> Json:
    """End an intent that was never paid."""
    happened = intents.cancel(intent, reason=reason, now=sandbox.now())
    events.emit(sandbox, happened, intent, request=origin)
    return intent


def authenticate(sandbox: Sandbox, intent: Json, *, ok: bool) -> Json:
    """The payer answered the issuer's question."""
    intents.check_awaits_payer(intent)
    method = sandbox.methods.get(intent["payment_method"])
    card = methods.trial(sandbox, method)
    happened = intents.authenticate(intent, ok=ok, card=card, method=method, charge=mint("ch_3"))
    events.emit(sandbox, happened, intent, request=NO_REQUEST)
    return intent


def settle(sandbox: Sandbox, intent: Json, *, ok: bool) -> Json:
    """The bank ended a payment that was processing."""
    intents.check_processing(intent)
    happened = intents.settle(intent, ok=ok, method=sandbox.methods.get(intent["payment_method"]))
    events.emit(sandbox, happened, intent, request=NO_REQUEST)
    return intent
