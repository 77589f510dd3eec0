"""Scripted faults: what goes wrong with the next requests that match."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.replies import Reply

KINDS = (
    "status_before", "status_after", "reset_before", "reset_after", "hang_before", "hang_after",
    "garbage", "amount_changed",
)  # fmt: skip


@dataclass
class Fault:
    """One scripted fault, for as many requests as `times` says."""

    kind: str
    method: str | None
    path: re.Pattern[str]
    times: int
    status: int
    seconds: float
    stored: bool

    @classmethod
    def scripted(cls, script: dict[str, Any]) -> Fault:
        """A fault from its script; ValueError says what is wrong with it."""
        unknown = set(script) - {"fault", "method", "path", "times", "status", "seconds", "stored"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        kind = script.get("fault")
        if kind not in KINDS:
            raise ValueError(f"fault must be one of {', '.join(KINDS)}")
        status = int(script.get("status", 500))
        if not 400 <= status <= 599:
            raise ValueError("status must be between 400 and 599")
        return cls(
            kind=kind,
            method=script["method"].upper() if script.get("method") else None,
            path=re.compile(script.get("path") or ""),
            times=int(script.get("times", 1)),
            status=status,
            seconds=float(script.get("seconds", 30)),
            stored=bool(script.get("stored", status >= 500)),
        )

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault is for that request."""
        return self.times > 0 and self.method in (None, method) and self.path.search(path) is not None

    def plain(self) -> dict[str, Any]:
        """The fault as it stands now."""
        return {
            "fault": self.kind,
            "method": self.method,
            "path": self.path.pattern,
            "times": self.times,
            "status": self.status,
            "seconds": self.seconds,
            "stored": self.stored,
        }


class FaultScript:
    """Faults in the order they were scripted; each request takes at most one."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault for that request, counted down, or None."""
        for fault in self.faults:
            if fault.matches(method, path):
                fault.times -= 1
                return fault
        return None


async def around(
    request: web.Request,
    fault: Fault | None,
    reply: Callable[[], Awaitable[Reply]],
    refusal: Callable[[int], Reply],
) -> Reply | None:
    """The reply as the fault lets it through, or None when the connection was dropped."""
    kind = fault.kind if fault else None
    if kind == "reset_before":
        reset(request)
        return None
    if fault is not None and kind == "status_before":
        return refusal(fault.status)
    truth = await reply()
    if kind == "reset_after":
        reset(request)
        return None
    await pause(fault, "hang_after")
    return _disguised(kind, truth)


async def pause(fault: Fault | None, kind: str) -> None:
    """Wait as long as the fault says, if it is of that kind."""
    if fault is not None and fault.kind == kind:
        await asyncio.sleep(fault.seconds)


def reset(request: web.Request) -> None:
    """Drop the connection at once, as a network would."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _disguised(kind: str | None, truth: Reply) -> Reply:
    if kind == "garbage":
        return Reply(200, b"<html>this is not JSON", truth.headers)
    if kind == "amount_changed" and truth.status == 200:
        thing = json.loads(truth.body)
        if isinstance(thing.get("amount"), int):
            return Reply.of(200, thing | {"amount": thing["amount"] + 1}, truth.headers)
    return truth
