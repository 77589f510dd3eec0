"""The sandbox itself: its targets, its clock, its journal, and a fresh start."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from sandbox.control.bodies import bad_request, body, number
from sandbox.state import SANDBOX

_TEXT = (str, type(None))
_TARGETS: dict[str, Any] = {
    "webhook_url": _TEXT,
    "webhook_secrets": list,
    "webhook_events": list,
    "twilio_callbacks": bool,
    "twilio_from": _TEXT,
    "twilio_rate": (int, type(None)),
    "inbound_url": _TEXT,
    "rate_limits": bool,
    "seed": int,
}


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
    """Change where webhooks and messages go, which and how signed, Twilio's pace, the limits, the seed of chance."""
    sandbox = request.app[SANDBOX]
    given = await body(request, _TARGETS)
    if given.get("twilio_rate") is not None and not given["twilio_rate"] >= 1:
        raise bad_request("twilio_rate: messages per second, 1 or more, or null")
    for name, value in given.items():
        setattr(sandbox.targets, name, value)
        if name == "seed":
            sandbox.draw.seed(value)
    shown = [name for name in _TARGETS if name != "webhook_secrets"]
    return web.json_response({name: getattr(sandbox.targets, name) for name in shown})


async def list_requests(request: web.Request) -> web.Response:
    """The journal of API requests, oldest first: those whose `path` matches, of one `method`, the `last` so many."""
    try:
        path = re.compile(request.query.get("path", ""))
    except re.error as error:
        raise bad_request(f"path is no regular expression: {error}") from error
    method = request.query.get("method")
    found = request.app[SANDBOX].journal.listed(
        path=path, method=method.upper() if method else None, last=number(request, "last")
    )
    return web.json_response({"requests": found})


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
