"""Events: what happened to an object, as it stood at that moment."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import versions

API_VERSION = versions.CURRENT

Json = dict[str, Any]


def emit(sandbox: Sandbox, kind: str, thing: Json, *, request: Json, previous: Json | None = None) -> None:
    """Record an event with a snapshot of the object, and deliver it in the background if a URL is set.

    The snapshot is shallow: an object changes only by having members replaced, never by changing one in place.
    """
    targets = sandbox.targets
    delivered = targets.webhook_url is not None and ("*" in targets.webhook_events or kind in targets.webhook_events)
    data: Json = {"object": dict(thing)}
    if previous:
        data["previous_attributes"] = previous
    event: Json = {
        "id": mint("evt_3"),
        "object": "event",
        "api_version": API_VERSION,
        "created": sandbox.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 1 if delivered else 0,
        "request": request,
        "type": kind,
    }
    sandbox.events.put(event)
    if delivered:
        _bound(sandbox)
        sandbox.deliveries.begin(event, sandbox.faults.take_for_event(kind))


def _bound(sandbox: Sandbox) -> None:
    # The shelf forgets the oldest events; what is said of them goes now and then, not each time.
    if len(sandbox.undelivered) > 1.2 * sandbox.targets.events_kept:
        known = {event["id"] for event in sandbox.events.newest_first()}
        sandbox.undelivered.intersection_update(known)


def matches(event: dict[str, Any], wanted: dict[str, Any], undelivered: set[str]) -> bool:
    """Whether an event passes the filters of a list: type, types, delivery_success."""
    kinds = wanted.get("types") or ([wanted["type"]] if wanted.get("type") else [])
    if kinds and not any(fnmatchcase(event["type"], kind) for kind in kinds):
        return False
    if "delivery_success" in wanted:
        return wanted["delivery_success"] == (event["id"] not in undelivered)
    return True
