"""Outbound calls, off the request path: each runs by itself and none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp

_AT_ONCE = 256
_READ_AT_MOST = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What a receiver answered: the status, the content type, the text as far as it was read."""

    status: int
    kind: str
    text: str


class Errands:
    """The running errands of one sandbox and the HTTP session they share."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._room = asyncio.Semaphore(_AT_ONCE)

    def start(self, errand: Coroutine[Any, Any, Any], *, then: Callable[[], None] | None = None) -> None:
        """Run it in the background; `then` is called when it has ended, however it did."""
        task = asyncio.get_running_loop().create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if then is not None:
            task.add_done_callback(lambda _: then())

    def drop(self) -> None:
        """Give up whatever is under way."""
        for task in self._running:
            task.cancel()

    async def close(self) -> None:
        """Give up whatever is under way and close the connections."""
        self.drop()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, *, body: bytes, headers: dict[str, str], patience: float) -> int | str:
        """The status of the answer, or what went wrong in words; follows no redirect, waits `patience` seconds."""
        answer = await self.ask(url, body=body, headers=headers, patience=patience)
        return answer if isinstance(answer, str) else answer.status

    async def ask(self, url: str, *, body: bytes, headers: dict[str, str], patience: float) -> Answer | str:
        """The whole answer, its text up to 64 KiB, or what went wrong in words."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        limit = aiohttp.ClientTimeout(total=patience)
        try:
            # The patience is for the receiver: it does not run while a call waits for its turn here.
            async with (
                self._room,
                self._session.post(url, data=body, headers=headers, allow_redirects=False, timeout=limit) as answer,
            ):
                return Answer(answer.status, answer.content_type, await _beginning(answer.content))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"


async def _beginning(content: aiohttp.StreamReader) -> str:
    read = b""
    async for piece in content.iter_chunked(8192):
        read += piece
        if len(read) > _READ_AT_MOST:
            break
    return read[:_READ_AT_MOST].decode(errors="replace")
