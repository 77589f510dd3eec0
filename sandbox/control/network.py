"""What a network can do: deliver an event again, spoil requests."""

from __future__ import annotations

import re

from aiohttp import web

from sandbox import faults
from sandbox.control.bodies import bad_request, body
from sandbox.state import SANDBOX
from sandbox.stripe import webhooks


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount deliveries and faults."""
    router.add_post("/_sandbox/events/{id}/deliver", deliver)
    router.add_get("/_sandbox/faults", list_faults)
    router.add_post("/_sandbox/faults", script_fault)
    router.add_delete("/_sandbox/faults", clear_faults)


async def deliver(request: web.Request) -> web.Response:
    """Deliver an event once more, now, and answer what the receiver said."""
    sandbox = request.app[SANDBOX]
    if not sandbox.targets.webhook_url:
        return web.json_response({"error": "no webhook_url is configured"}, status=409)
    event = sandbox.events.find(request.match_info["id"])
    if event is None:
        return web.json_response({"error": "no such event"}, status=404)
    outcome = await webhooks.deliver_again(sandbox, event)
    answered = isinstance(outcome, int)
    return web.json_response(
        {"event": event["id"], "status": outcome if answered else None, "error": None if answered else outcome}
    )


async def list_faults(request: web.Request) -> web.Response:
    """The faults that are scripted."""
    return web.json_response({"faults": [fault.plain() for fault in request.app[SANDBOX].faults.faults]})


async def script_fault(request: web.Request) -> web.Response:
    """Add one fault to the script."""
    try:
        fault = faults.Fault.scripted(await body(request))
    except (ValueError, TypeError, AttributeError, re.error) as error:
        raise bad_request(str(error)) from error
    request.app[SANDBOX].faults.faults.append(fault)
    return web.json_response(fault.plain(), status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """Nothing goes wrong any more."""
    request.app[SANDBOX].faults.faults.clear()
    return web.Response(status=204)
