"""What the sandbox serves of the Stripe API."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.stripe import errors
from sandbox.stripe.exchange import preflight, serve
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.routes import (
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    refunds,
    webhook_endpoints,
)

_PARTS = (payment_intents, charges, refunds, disputes, customers, payment_methods, events, webhook_endpoints)


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the API under /v1/; whatever is not served answers Stripe's 404."""
    for part in _PARTS:
        for method, path, operation in part.OPERATIONS:
            router.add_route(method, path, serve(operation, name=f"{method} {path}"))
            if operation.publishable:
                router.add_route("OPTIONS", path, preflight)
    router.add_route("*", "/v1/{anything:.*}", serve(Operation(refuse), name="none"))


def refuse(call: Call) -> dict[str, Any]:
    """No such path here."""
    raise errors.unrecognized(call.method, call.path)
