"""How a control request is read and refused."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


async def body(request: web.Request, kinds: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON object of a request, its values of the kinds named; 400 with a sentence for anything else."""
    try:
        given = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise bad_request("the body must be JSON") from error
    if not isinstance(given, dict):
        raise bad_request("the body must be a JSON object")
    for name, value in given.items():
        if kinds is not None and not isinstance(value, kinds.get(name, ())):
            raise bad_request(f"{name}: unknown, or not of the right kind")
    return given


def number(request: web.Request, name: str) -> int | None:
    """A number of the query, not below 0; None when it is not given."""
    written = request.query.get(name)
    if written is None:
        return None
    if not written.isdecimal():
        raise bad_request(f"{name}: a whole number is wanted")
    return int(written)


def bad_request(message: str) -> web.HTTPBadRequest:
    """A 400 that says what is wrong."""
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")
