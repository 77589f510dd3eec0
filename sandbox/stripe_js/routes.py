"""The script, the files of its frames, and the issuer's question."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from sandbox.stripe_js import challenge

_HERE = Path(__file__).parent
_SCRIPT = tuple(_HERE / "host" / name for name in ("frames.js", "payment_element.js", "elements.js", "stripe.js"))
_FRAMES = {path.name: path for path in (_HERE / "frames").iterdir()}
_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}

# A page of any origin, isolated or not, may take the script and hold the frames.
_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount Stripe.js under the names it is asked for by, and what belongs to it."""
    router.add_get("/stripe.js", script)
    router.add_get("/endive/stripe.js", script)
    router.add_get("/stripe_js/challenge/{id}", challenge.show)
    router.add_post("/stripe_js/challenge/{id}", challenge.answer)
    router.add_get("/stripe_js/{name}", frame_file)


async def script(request: web.Request) -> web.Response:
    """The classic script that defines `window.Stripe`: its parts in one scope of their own."""
    parts = "\n".join(path.read_text() for path in _SCRIPT)
    text = f'(() => {{\n"use strict";\n{parts}}})();\n'
    return web.Response(text=text, content_type="text/javascript", headers=_OPEN)


async def frame_file(request: web.Request) -> web.Response:
    """A page of a frame, or a file that it loads."""
    path = _FRAMES.get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound(text="Stripe.js of the sandbox has no such file.")
    headers = {**_OPEN, **challenge.POLICY} if path.suffix == ".html" else _OPEN
    return web.Response(text=path.read_text(), content_type=_KINDS[path.suffix], headers=headers)
