"""The sandbox itself: its targets, its clock, its journal, and a fresh start."""

from __future__ import annotations

from aiohttp import web

from sandbox.control.bodies import bad_request, body
from sandbox.state import SANDBOX


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount what steers the sandbox as a whole."""
    router.add_post("/_sandbox/reset", reset)
    router.add_post("/_sandbox/configure", configure)
    router.add_get("/_sandbox/requests", list_requests)
    router.add_get("/_sandbox/clock", read_clock)
    router.add_post("/_sandbox/clock", move_clock)


async def reset(request: web.Request) -> web.Response:
    """Forget everything but the targets."""
    request.app[SANDBOX].reset()
    return web.Response(status=204)


async def configure(request: web.Request) -> web.Response:
    """Change where webhooks go and how they are signed, and whether Twilio calls back; answers the targets."""
    targets = request.app[SANDBOX].targets
    kinds = {"webhook_url": (str, type(None)), "webhook_secrets": list, "twilio_callbacks": bool}
    for name, value in (await body(request, kinds)).items():
        setattr(targets, name, value)
    return web.json_response({"webhook_url": targets.webhook_url, "twilio_callbacks": targets.twilio_callbacks})


async def list_requests(request: web.Request) -> web.Response:
    """The journal of API requests, oldest first."""
    return web.json_response({"requests": request.app[SANDBOX].journal.listed()})


async def read_clock(request: web.Request) -> web.Response:
    """The sandbox's present moment, in Unix seconds, and how far it was moved."""
    clock = request.app[SANDBOX].clock
    return web.json_response({"now": clock.now(), "moved": clock.moved})


async def move_clock(request: web.Request) -> web.Response:
    """Move the clock by `advance` seconds."""
    given = await body(request, {"advance": (int, float)})
    if "advance" not in given or isinstance(given["advance"], bool):
        raise bad_request("advance: a number of seconds is wanted")
    request.app[SANDBOX].clock.advance(given["advance"])
    return await read_clock(request)
