"""Outbound calls, off the request path: each runs by itself and none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp

_AT_ONCE = 256


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
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        limit = aiohttp.ClientTimeout(total=patience)
        try:
            # The patience is for the receiver: it does not run while a call waits for its turn here.
            async with (
                self._room,
                self._session.post(url, data=body, headers=headers, allow_redirects=False, timeout=limit) as answer,
            ):
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
