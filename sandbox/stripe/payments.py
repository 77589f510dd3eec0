"""Acts on intents with everything that follows from them: the stored intent, its charge, the events."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import attempts, charges, errors, events, intents, metadata, methods, money

Json = dict[str, Any]

NO_REQUEST: Json = {"id": None, "idempotency_key": None}

_UPDATABLE = (
    "allowed_payment_method_types", "amount", "capture_method", "currency", "customer", "description", "metadata",
    "receipt_email", "setup_future_usage", "shipping", "statement_descriptor_suffix",
)  # fmt: skip
_ONLY_TO_CONFIRM = ("error_on_requires_action", "mandate_data", "off_session", "return_url")


def checked(sandbox: Sandbox, wanted: Json) -> Json:
    """The parameters of a new intent, checked together; refuses what is missing, out of bounds or out of place."""
    for name in ("amount", "currency"):
        if wanted.get(name) is None:
            raise errors.invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    for name in _ONLY_TO_CONFIRM:
        if wanted.get(name) is not None and not wanted.get("confirm"):
            raise errors.invalid(f"You can only give {name} together with confirm=true.", param=name)
    _check_customer(sandbox, wanted)
    currency = money.check_currency(wanted["currency"])
    return wanted | {"currency": currency, "amount": money.check_amount(wanted["amount"], currency)}


def create(sandbox: Sandbox, wanted: Json, *, origin: Json) -> Json:
    """A new intent, its payment method attached and tried if that was asked for."""
    identifier = mint("pi_3")
    secret = mint(f"{identifier}_secret_", 25)
    intent = intents.open_intent(identifier=identifier, secret=secret, now=sandbox.now(), wanted=wanted)
    if wanted.get("confirm"):
        intents.check_return(intent, wanted)
    method = methods.given(sandbox, wanted)
    if method:
        intents.attach(intent, method=method["id"])
    sandbox.intents.put(intent)
    events.emit(sandbox, "payment_intent.created", intent, request=origin)
    if wanted.get("confirm"):
        return _try(sandbox, intent, wanted, origin=origin)
    return intent


def update(sandbox: Sandbox, intent: Json, wanted: Json) -> Json:
    """Change an intent; refuses what its status no longer allows. Stripe has no event for it."""
    _check_customer(sandbox, wanted)
    changes = {name: wanted[name] for name in _UPDATABLE if name in wanted}
    if "metadata" in changes:
        changes["metadata"] = metadata.merged(intent["metadata"], changes["metadata"])
    if wanted.get("payment_method_options"):
        options = intents.method_options(intent["payment_method_options"], wanted["payment_method_options"])
        changes["payment_method_options"] = options
    if "currency" in changes:
        changes["currency"] = money.check_currency(changes["currency"] or "")
    if changes.get("allowed_payment_method_types"):
        changes["payment_method_types"] = changes["allowed_payment_method_types"]
    if changes.keys() & {"amount", "currency"}:
        after = intent | changes
        money.check_amount(after["amount"], after["currency"])
    if wanted.get("payment_method") or wanted.get("payment_method_data"):
        intents.check_changeable(intent, "payment_method")
        method = methods.given(sandbox, wanted) or {}
        changes |= {"payment_method": method["id"], "status": "requires_confirmation"}
    intents.update(intent, changes)
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
    kept = ("capture_method", "receipt_email", "setup_future_usage", "shipping")
    intent |= {name: wanted[name] for name in kept if wanted.get(name)}
    if wanted.get("payment_method_options"):
        options = intents.method_options(intent["payment_method_options"], wanted["payment_method_options"])
        intent["payment_method_options"] = options
    happened = intents.confirm(
        intent,
        card=methods.trial(sandbox, method),
        method=method,
        charge=mint("ch_3"),
        next_action=_next_action(sandbox, intent, wanted),
    )
    attempts.record(sandbox, intent, happened, method=method, origin=origin)
    if intent["last_payment_error"]:
        raise errors.declined(intent)
    return intent


def _next_action(sandbox: Sandbox, intent: Json, wanted: Json) -> Json | None:
    if wanted.get("error_on_requires_action") or wanted.get("off_session") in (True, "true", "one_off", "recurring"):
        return None
    query = urlencode({"payment_intent_client_secret": intent["client_secret"]})
    url = f"{sandbox.base_url}/stripe_js/challenge/{intent['id']}?{query}"
    return intents.payer_action(url, None if wanted.get("use_stripe_sdk") else wanted.get("return_url"))


def capture(sandbox: Sandbox, intent: Json, *, amount: int | None, origin: Json) -> Json:
    """Take the money a card holds, all of it or an amount."""
    held = intent["amount_capturable"]
    amount = held if amount is None else amount
    if intent["status"] == "requires_capture" and not 1 <= amount <= held:
        message = f"The amount to capture must be between 1 and {money.written(held, intent['currency'])}."
        raise errors.invalid(message, param="amount_to_capture", code="amount_too_large" if amount > held else None)
    happened = intents.capture(intent, amount=amount)
    charge = sandbox.charges.get(intent["latest_charge"])
    charges.capture(charge, amount)
    events.emit(sandbox, "charge.captured", charge, request=origin)
    events.emit(sandbox, happened, intent, request=origin)
    return intent


def cancel(sandbox: Sandbox, intent: Json, *, reason: str | None, origin: Json) -> Json:
    """End an intent that was never paid; what a card held goes back to it."""
    held = intent["status"] == "requires_capture"
    happened = intents.cancel(intent, reason=reason, now=sandbox.now())
    if held:
        charge = sandbox.charges.get(intent["latest_charge"])
        previous = charges.give_back(charge, charge["amount"])
        events.emit(sandbox, "charge.refunded", charge, request=origin, previous=previous)
    events.emit(sandbox, happened, intent, request=origin)
    return intent


def authenticate(sandbox: Sandbox, intent: Json, *, ok: bool) -> Json:
    """The payer answered the issuer's question."""
    intents.check_awaits_payer(intent)
    method = sandbox.methods.get(intent["payment_method"])
    card = methods.trial(sandbox, method)
    happened = intents.authenticate(intent, ok=ok, card=card, method=method, charge=mint("ch_3"))
    attempts.record(sandbox, intent, happened, method=method, origin=NO_REQUEST, asked=True)
    return intent


def settle(sandbox: Sandbox, intent: Json, *, ok: bool) -> Json:
    """The bank ended a payment that was processing."""
    intents.check_processing(intent)
    method = sandbox.methods.get(intent["payment_method"])
    happened = intents.settle(intent, ok=ok, method=method)
    attempts.record(sandbox, intent, happened, method=method, origin=NO_REQUEST)
    return intent


def _check_customer(sandbox: Sandbox, wanted: Json) -> None:
    if wanted.get("customer"):
        sandbox.customers.get(wanted["customer"], param="customer", status=400)
