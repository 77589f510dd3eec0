"""One request taken through the fault that strikes it, whichever vendor it is for."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.faults.script import Fault, Struck
from sandbox.replies import Reply


async def answered(
    request: web.Request,
    struck: Struck,
    *,
    reply: Callable[[], Awaitable[Reply]],
    refusal: Callable[[Fault], Reply],
    respond: Callable[[Reply], web.Response],
) -> web.StreamResponse:
    """The answer as the fault lets it through; `respond` is called only when an answer leaves."""
    fault, kind = struck.fault, struck.kind
    await asyncio.sleep(struck.latency)
    if kind == "reset_before":
        return _reset(request)
    if fault is not None and kind == "status_before":
        return respond(refusal(fault))
    truth = await reply()
    if kind == "reset_after":
        return _reset(request)
    await pause(struck, "hang_after")
    if kind == "truncated":
        return await _cut(request, respond(truth))
    return respond(_disguised(kind, truth))


async def pause(struck: Struck, kind: str) -> None:
    """Wait as long as the fault says, if it is of that kind."""
    if struck.fault is not None and struck.kind == kind:
        await asyncio.sleep(struck.fault.seconds)


def _reset(request: web.Request) -> web.Response:
    # Lingering for no time at all makes the kernel send RST, as a network that drops the line would.
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


async def _cut(request: web.Request, whole: web.Response) -> web.StreamResponse:
    body = whole.body if isinstance(whole.body, bytes) else b""
    part = web.StreamResponse(status=whole.status, headers=whole.headers)
    part.content_length = len(body)
    await part.prepare(request)
    await part.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return part


def _disguised(kind: str | None, truth: Reply) -> Reply:
    if kind == "garbage":
        return Reply(200, b"<html>this is not JSON", truth.headers)
    if kind == "amount_changed" and truth.status == 200:
        return Reply.of(200, _another_amount(json.loads(truth.body)), truth.headers)
    return truth


def _another_amount(thing: dict[str, Any]) -> dict[str, Any]:
    if thing.get("object") == "list":
        return thing | {"data": [_another_amount(each) for each in thing["data"]]}
    return thing | {"amount": thing["amount"] + 1} if isinstance(thing.get("amount"), int) else thing
