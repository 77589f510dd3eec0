"""The console's routes: the page, its files, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from sandbox.console.changes import Changes
from sandbox.console.snapshot import sections
from sandbox.control.bodies import bad_request
from sandbox.state import SANDBOX

PAGE = Path(__file__).parent / "page"

_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_CHANGES = web.AppKey("console_changes", Changes)


def add_routes(app: web.Application) -> None:
    """Mount the page at `/`, its files under /console/, and its snapshot under /_sandbox/."""
    app[_CHANGES] = Changes()
    app.router.add_get("/", _file(PAGE / "index.html"))
    for path in sorted(PAGE.iterdir()):
        if path.suffix in _KINDS and path.name != "index.html":
            app.router.add_get(f"/console/{path.name}", _file(path))
    app.router.add_get("/_sandbox/state", state)


async def state(request: web.Request) -> web.Response:
    """The sections that changed after `?since=`; 204 when none did."""
    try:
        since = int(request.query.get("since", 0))
    except ValueError as error:
        raise bad_request("since: the version of an earlier answer is wanted") from error
    changes = request.app[_CHANGES]
    changes.note(sections(request.app[SANDBOX]))
    changed = changes.since(since)
    if not changed:
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    inside = ",".join(f"{json.dumps(name)}:{written}" for name, written in changed.items())
    body = f'{{"version":{changes.version},{inside}}}'
    return web.Response(text=body, content_type="application/json", headers={"Cache-Control": "no-store"})


def _file(path: Path) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=path.read_bytes(), content_type=_KINDS[path.suffix], charset="utf-8", headers=_HEADERS)

    return serve
