"""What a network can do: spoil requests and deliveries, hold them back, bring them again."""

from __future__ import annotations

from aiohttp import web

from sandbox.control.bodies import bad_request, body, number
from sandbox.faults import kinds
from sandbox.faults.script import Fault
from sandbox.state import SANDBOX
from sandbox.stripe import webhooks

_LOOKS = (webhooks.ITSELF, *kinds.ALTERED)


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount deliveries and faults."""
    router.add_post("/_sandbox/events/{id}/deliver", deliver)
    router.add_post("/_sandbox/webhooks/release", release)
    router.add_get("/_sandbox/deliveries", list_deliveries)
    router.add_get("/_sandbox/faults", list_faults)
    router.add_post("/_sandbox/faults", script_fault)
    router.add_delete("/_sandbox/faults", clear_faults)


async def deliver(request: web.Request) -> web.Response:
    """Deliver an event once more, now, as itself or altered, and answer what the receiver said."""
    sandbox = request.app[SANDBOX]
    look = (await body(request, {"as": str})).get("as", webhooks.ITSELF)
    if look not in _LOOKS:
        raise bad_request(f"as must be one of {', '.join(_LOOKS)}")
    if not sandbox.targets.webhook_url:
        return web.json_response({"error": "no webhook_url is configured"}, status=409)
    event = sandbox.events.find(request.match_info["id"])
    if event is None:
        return web.json_response({"error": "no such event"}, status=404)
    outcome = await sandbox.deliveries.once(event, look=look)
    answered = isinstance(outcome, int)
    return web.json_response(
        {"event": event["id"], "status": outcome if answered else None, "error": None if answered else outcome}
    )


async def release(request: web.Request) -> web.Response:
    """Let go of the deliveries that are held; answers the events in the order in which they leave."""
    shuffled = (await body(request, {"shuffle": bool})).get("shuffle", False)
    return web.json_response({"events": request.app[SANDBOX].deliveries.release(shuffled=shuffled)})


async def list_deliveries(request: web.Request) -> web.Response:
    """Every try to deliver an event, the newest last."""
    found = request.app[SANDBOX].deliveries.listed(event=request.query.get("event"), last=number(request, "last"))
    return web.json_response({"deliveries": found})


async def list_faults(request: web.Request) -> web.Response:
    """The faults that are scripted."""
    return web.json_response({"faults": [fault.plain() for fault in request.app[SANDBOX].faults.faults]})


async def script_fault(request: web.Request) -> web.Response:
    """Add one fault to the script."""
    try:
        fault = Fault.scripted(await body(request))
    except ValueError as error:
        raise bad_request(str(error)) from error
    request.app[SANDBOX].faults.faults.append(fault)
    return web.json_response(fault.plain(), status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """Nothing goes wrong any more; with `?fault=`, nothing of that kind."""
    kind, script = request.query.get("fault"), request.app[SANDBOX].faults
    script.faults[:] = [fault for fault in script.faults if kind not in (None, fault.kind)]
    return web.Response(status=204)
