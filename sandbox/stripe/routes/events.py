"""Events: retrieve, list."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import errors, events, expansion
from sandbox.stripe.fields import flag, many, text
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.parameters import CURSORS, Parameters

URL = "/v1/events"

LIST: Parameters = {
    **CURSORS,
    "delivery_success": flag,
    "expand": expansion.of("event", listed=True),
    "type": text(),
    "types": many(text()),
}


def retrieve(call: Call) -> dict[str, Any]:
    """One event."""
    return call.sandbox.events.get(call.object_id)


def list_events(call: Call) -> dict[str, Any]:
    """Events, newest first."""
    if call.wanted.get("type") and call.wanted.get("types"):
        raise errors.invalid("Give either type or types, not both", param="types")
    undelivered = call.sandbox.undelivered
    return call.sandbox.events.page(
        call.wanted, url=URL, keep=lambda event: events.matches(event, call.wanted, undelivered)
    )


OPERATIONS = (
    ("GET", URL, Operation(list_events, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, {"expand": expansion.of("event")})),
)
