"""Nobody but this machine: no other name of it, and no page of another site that would steer it through a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

_HERE = {"127.0.0.1", "localhost"}
_STEERING = "/_sandbox/"


@web.middleware
async def this_machine_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse every request under another host's name, and control requests that a page of another site sent."""
    # A name of somebody's that was made to point here would make their page one of ours, as browsers see it.
    if _name(f"//{request.host}") not in _HERE:
        raise web.HTTPForbidden(text="The sandbox answers to 127.0.0.1 and localhost only.")
    origin = request.headers.get("Origin")
    if origin is not None and request.path.startswith(_STEERING) and _name(origin) not in _HERE:
        raise web.HTTPForbidden(text="The sandbox is steered from this machine only.")
    return await handler(request)


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
