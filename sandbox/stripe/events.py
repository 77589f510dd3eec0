"""Events: what happened to an object, as it stood at that moment."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox

API_VERSION = "2026-10-28.endive"


def emit(
    sandbox: Sandbox,
    kind: str,
    thing: dict[str, Any],
    *,
    request: dict[str, Any],
    previous: dict[str, Any] | None = None,
) -> None:
    """Record an event with a frozen snapshot of the object, and deliver it in the background if a URL is set."""
    delivered = sandbox.targets.webhook_url is not None
    event = {
        "id": mint("evt_3"),
        "object": "event",
        "api_version": API_VERSION,
        "created": sandbox.now(),
        "data": {"object": thing} | ({"previous_attributes": previous} if previous else {}),
        "livemode": False,
        "pending_webhooks": 1 if delivered else 0,
        "request": request,
        "type": kind,
    }
    frozen = json.loads(json.dumps(event))
    sandbox.events.put(frozen)
    if delivered:
        sandbox.deliveries.begin(frozen, sandbox.faults.take_for_event(kind))


def matches(event: dict[str, Any], wanted: dict[str, Any], undelivered: set[str]) -> bool:
    """Whether an event passes the filters of a list: type, types, delivery_success."""
    kinds = wanted.get("types") or ([wanted["type"]] if wanted.get("type") else [])
    if kinds and not any(fnmatchcase(event["type"], kind) for kind in kinds):
        return False
    if "delivery_success" in wanted:
        return wanted["delivery_success"] == (event["id"] not in undelivered)
    return True
