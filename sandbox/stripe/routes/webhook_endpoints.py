"""Webhook endpoints: retrieve, list. There is one, where the sandbox is told to deliver; it is changed by hand."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sandbox.shelf import Shelf
from sandbox.stripe import versions
from sandbox.stripe.fields import integer, text
from sandbox.stripe.operations import Call, Operation

URL = "/v1/webhook_endpoints"

LIST = {"limit": integer, "starting_after": text(), "ending_before": text()}


def retrieve(call: Call) -> dict[str, Any]:
    """The endpoint of that identifier."""
    return _endpoints(call).get(call.object_id)


def list_endpoints(call: Call) -> dict[str, Any]:
    """The endpoint that is set, if one is; never its secret."""
    return _endpoints(call).page(call.wanted, url=URL, keep=lambda endpoint: True)


def _endpoints(call: Call) -> Shelf:
    shelf, targets = Shelf("webhook_endpoint"), call.sandbox.targets
    if targets.webhook_url is not None:
        shelf.put(
            {
                "id": f"we_1{sha256(targets.webhook_url.encode()).hexdigest()[:23]}",
                "object": "webhook_endpoint",
                "api_version": versions.CURRENT,
                "application": None,
                "created": call.sandbox.begun,
                "description": None,
                "enabled_events": [*targets.webhook_events],
                "livemode": False,
                "metadata": {},
                "status": "enabled",
                "url": targets.webhook_url,
            }
        )
    return shelf


OPERATIONS = (
    ("GET", URL, Operation(list_endpoints, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, {})),
)
