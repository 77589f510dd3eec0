"""What the sandbox holds, for whoever looks: newest last, without client secrets."""

from __future__ import annotations

from itertools import islice
from typing import Any

from aiohttp import web

from sandbox.control.bodies import number
from sandbox.shelf import Shelf
from sandbox.state import SANDBOX

_SHOWN = 100


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the lists."""
    router.add_get("/_sandbox/payment_intents", list_intents)
    router.add_get("/_sandbox/events", list_events)


async def list_intents(request: web.Request) -> web.Response:
    """The last so many payment intents."""
    found = [_open(intent) for intent in _last(request, request.app[SANDBOX].intents)]
    return web.json_response({"payment_intents": found})


async def list_events(request: web.Request) -> web.Response:
    """The last so many events."""
    found = [
        event | {"data": event["data"] | {"object": _open(event["data"]["object"])}}
        for event in _last(request, request.app[SANDBOX].events)
    ]
    return web.json_response({"events": found})


def _last(request: web.Request, shelf: Shelf) -> list[dict[str, Any]]:
    wanted = number(request, "last")
    return list(islice(shelf.newest_first(), _SHOWN if wanted is None else wanted))[::-1]


def _open(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name != "client_secret"}
