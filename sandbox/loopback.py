"""Pages of other sites must not steer the sandbox through a browser on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

_HERE = {"127.0.0.1", "localhost", "::1"}


@web.middleware
async def this_machine_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse control requests that a page of another site sent, or that came under another host's name."""
    if request.path.startswith("/_sandbox/"):
        origin = request.headers.get("Origin")
        names = {urlsplit(f"//{request.host}").hostname} | ({urlsplit(origin).hostname} if origin else set())
        if not names <= _HERE:
            raise web.HTTPForbidden(text="The sandbox is steered from this machine only.")
    return await handler(request)
