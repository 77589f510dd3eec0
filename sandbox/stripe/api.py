"""What the sandbox serves of the Stripe API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.stripe import errors, events, intents, parameters, payments
from sandbox.stripe.exchange import preflight, serve
from sandbox.stripe.operations import Call, Operation

Json = dict[str, Any]

_INTENTS, _EVENTS = "/v1/payment_intents", "/v1/events"


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the API under /v1/; whatever is not served answers Stripe's 404."""
    for method, path, operation in (
        ("POST", _INTENTS, Operation(create, parameters.CREATE)),
        ("GET", _INTENTS, Operation(list_intents, parameters.LIST_INTENTS)),
        ("GET", _INTENTS + "/{id}", Operation(retrieve, parameters.RETRIEVE, publishable=True)),
        ("POST", _INTENTS + "/{id}/confirm", Operation(confirm, parameters.CONFIRM, publishable=True)),
        ("POST", _INTENTS + "/{id}/cancel", Operation(cancel, parameters.CANCEL)),
        ("GET", _EVENTS, Operation(list_events, parameters.LIST_EVENTS)),
        ("GET", _EVENTS + "/{id}", Operation(retrieve_event, parameters.RETRIEVE_EVENT)),
    ):
        router.add_route(method, path, serve(operation))
        if operation.publishable:
            router.add_route("OPTIONS", path, preflight)
    router.add_route("*", "/v1/{anything:.*}", serve(Operation(refuse)))


def create(call: Call) -> Json:
    """A new intent; with `confirm`, tried at once."""
    _check_types(call)
    wanted = payments.checked(call.wanted)
    return payments.create(call.sandbox, wanted, origin=call.origin)


def retrieve(call: Call) -> Json:
    """One intent as it stands now."""
    return _own_intent(call)


def list_intents(call: Call) -> Json:
    """Intents, newest first."""
    customer = call.wanted.get("customer")
    return call.sandbox.intents.page(
        call.wanted, url=_INTENTS, keep=lambda intent: not customer or intent["customer"] == customer
    )


def confirm(call: Call) -> Json:
    """Try to pay the intent."""
    _check_types(call)
    intent = _own_intent(call)
    intents.check_confirmable(intent)
    if not call.caller.publishable:
        intents.check_return(intent, call.wanted)
    return payments.confirm(call.sandbox, intent, call.wanted, origin=call.origin)


def cancel(call: Call) -> Json:
    """End an intent that was never paid."""
    intent = call.sandbox.intents.get(call.object_id, param="intent")
    return payments.cancel(call.sandbox, intent, reason=call.wanted.get("cancellation_reason"), origin=call.origin)


def list_events(call: Call) -> Json:
    """Events, newest first."""
    if call.wanted.get("type") and call.wanted.get("types"):
        raise errors.invalid("Give either type or types, not both", param="types")
    undelivered = call.sandbox.undelivered
    return call.sandbox.events.page(
        call.wanted, url=_EVENTS, keep=lambda event: events.matches(event, call.wanted, undelivered)
    )


def retrieve_event(call: Call) -> Json:
    """One event."""
    return call.sandbox.events.get(call.object_id)


def refuse(call: Call) -> Json:
    """No such path here."""
    raise errors.unrecognized(call.method, call.path)


def _own_intent(call: Call) -> Json:
    intent = call.sandbox.intents.get(call.object_id, param="intent")
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


def _check_types(call: Call) -> None:
    modern = call.version is not None and call.version[:10] >= parameters.TYPES_REMOVED
    if modern and "payment_method_types" in call.wanted:
        raise errors.invalid(
            "payment_method_types is no longer supported in this API version; use allowed_payment_method_types.",
            param="payment_method_types",
            code="payment_method_types_no_longer_supported",
        )
    if "allowed_payment_method_types" in call.wanted and "automatic_payment_methods" in call.wanted:
        raise errors.invalid(
            "You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.",
            param="allowed_payment_method_types",
        )
