"""Events: what happened to an object, as it stood at that moment."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import webhooks

API_VERSION = "2026-10-28.endive"


def emit(sandbox: Sandbox, kind: str, thing: dict[str, Any], *, request: dict[str, Any]) -> None:
    """Record an event with a frozen snapshot of the object, and deliver it in the background if a URL is set."""
    event = {
        "id": mint("evt_3"),
        "object": "event",
        "api_version": API_VERSION,
        "created": sandbox.now(),
        "data": {"object": thing},
        "livemode": False,
        "pending_webhooks": 1 if sandbox.targets.webhook_url else 0,
        "request": request,
        "type": kind,
    }
    payload = json.dumps(event)
    frozen = json.loads(payload)
    sandbox.events.put(frozen)
    if sandbox.targets.webhook_url:
        sandbox.undelivered.add(frozen["id"])
        sandbox.errands.start(webhooks.deliver(sandbox, frozen, payload))


def matches(event: dict[str, Any], wanted: dict[str, Any], undelivered: set[str]) -> bool:
    """Whether an event passes the filters of a list: type, types, delivery_success."""
    kinds = wanted.get("types") or ([wanted["type"]] if wanted.get("type") else [])
    if kinds and not any(fnmatchcase(event["type"], kind) for kind in kinds):
        return False
    if "delivery_success" in wanted:
        return wanted["delivery_success"] == (event["id"] not in undelivered)
    return True
