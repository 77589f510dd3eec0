"""Payment intents: create, retrieve, update, list, confirm, capture, cancel."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import errors, expansion, intents, metadata, payments, versions
from sandbox.stripe.fields import anything, choice, flag, integer, many, nested, text
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.parameters import ATTEMPT, CURSORS, PAYING, Parameters

Json = dict[str, Any]

URL = "/v1/payment_intents"

_ONE = expansion.of("payment_intent")
_TYPES = many(choice("card", "link"))
_CAPTURE_METHOD = choice("automatic", "automatic_async", "manual")
_WHAT: Parameters = {
    "allowed_payment_method_types": _TYPES,
    "amount": integer,
    "capture_method": _CAPTURE_METHOD,
    "currency": text(3),
    "customer": text(),
    "description": text(1000),
    "expand": _ONE,
    "metadata": metadata.read,
    "payment_method_types": _TYPES,
    "statement_descriptor_suffix": text(22),
}

CREATE: Parameters = {
    **_WHAT,
    **ATTEMPT,
    "automatic_payment_methods": nested({"enabled": flag, "allow_redirects": choice("always", "never")}),
    "confirm": flag,
    "confirmation_method": choice("automatic", "manual"),
}
UPDATE: Parameters = {**_WHAT, **PAYING}
RETRIEVE: Parameters = {"client_secret": text(), "expand": _ONE}
CONFIRM: Parameters = {
    **ATTEMPT,
    "allowed_payment_method_types": _TYPES,
    "capture_method": _CAPTURE_METHOD,
    "client_secret": text(),
    "expand": _ONE,
    "payment_method_types": _TYPES,
    # What Stripe.js adds of its own.
    **dict.fromkeys(("client_attribution_metadata", "client_context", "expected_payment_method_type"), anything),
}
CAPTURE: Parameters = {"amount_to_capture": integer, "expand": _ONE, "metadata": metadata.read}
CANCEL: Parameters = {"cancellation_reason": choice(*intents.CANCEL_REASONS), "expand": _ONE}
LIST: Parameters = {**CURSORS, "customer": text(), "expand": expansion.of("payment_intent", listed=True)}


def create(call: Call) -> Json:
    """A new intent; with `confirm`, tried at once."""
    versions.check_types(call.version, call.wanted)
    return payments.create(call.sandbox, payments.checked(call.sandbox, call.wanted), origin=call.origin)


def retrieve(call: Call) -> Json:
    """One intent as it stands now."""
    return _own_intent(call)


def update(call: Call) -> Json:
    """Change an intent that is not paid yet; some of it at any time."""
    versions.check_types(call.version, call.wanted)
    return payments.update(call.sandbox, _intent(call), call.wanted)


def list_intents(call: Call) -> Json:
    """Intents, newest first."""
    customer = call.wanted.get("customer")
    return call.sandbox.intents.page(
        call.wanted, url=URL, keep=lambda intent: not customer or intent["customer"] == customer
    )


def confirm(call: Call) -> Json:
    """Try to pay the intent."""
    versions.check_types(call.version, call.wanted)
    intent = _own_intent(call)
    intents.check_confirmable(intent)
    if not call.caller.publishable:
        intents.check_return(intent, call.wanted)
    return payments.confirm(call.sandbox, intent, call.wanted, origin=call.origin)


def capture(call: Call) -> Json:
    """Take the money a card holds."""
    intent = _intent(call)
    captured = payments.capture(call.sandbox, intent, amount=call.wanted.get("amount_to_capture"), origin=call.origin)
    if "metadata" in call.wanted:
        payments.update(call.sandbox, intent, {"metadata": call.wanted["metadata"]})
    return captured


def cancel(call: Call) -> Json:
    """End an intent that was never paid."""
    reason = call.wanted.get("cancellation_reason")
    return payments.cancel(call.sandbox, _intent(call), reason=reason, origin=call.origin)


def _intent(call: Call) -> Json:
    return call.sandbox.intents.get(call.object_id, param="intent")


def _own_intent(call: Call) -> Json:
    intent = _intent(call)
    secret = call.wanted.get("client_secret")
    if call.caller.publishable and not secret:
        raise errors.invalid(
            "A publishable key must give the client_secret too.", param="client_secret", code="parameter_missing"
        )
    if secret and secret != intent["client_secret"]:
        raise errors.invalid(
            "The client_secret provided does not match the client_secret of this PaymentIntent.", param="client_secret"
        )
    return intent


OPERATIONS = (
    ("POST", URL, Operation(create, CREATE)),
    ("GET", URL, Operation(list_intents, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, RETRIEVE, publishable=True)),
    ("POST", URL + "/{id}", Operation(update, UPDATE)),
    ("POST", URL + "/{id}/confirm", Operation(confirm, CONFIRM, publishable=True)),
    ("POST", URL + "/{id}/capture", Operation(capture, CAPTURE)),
    ("POST", URL + "/{id}/cancel", Operation(cancel, CANCEL)),
)
