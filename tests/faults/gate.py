"""The gate in the proxies: it writes down every crossing, and stops, spoils or cuts the one that a test has chosen."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.faults.crossings import Crossing

PATIENCE_SECONDS = 15.0


class Way(Enum):
    """What happens to a crossing that was chosen."""

    HOLD_BEFORE = "held before it"  # until the process that asks was killed
    HOLD_AFTER = "held after it"
    CUT_BEFORE = "cut before it"
    CUT_AFTER = "cut after it"
    FAIL = "answered with an error"
    PAUSE = "kept waiting"


class Cut(Exception):
    """The connection ends here."""


@dataclass(frozen=True)
class Order:
    """Which crossing, what becomes of it and how often from then on; the text for FAIL, the seconds for PAUSE."""

    at: Crossing
    way: Way
    times: int = 1
    with_what: Any = None


class Gate:
    """Shared by the proxies' thread, which passes through it, and the test's thread, which sets it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.order: Order | None = None
        self.seen: list[Crossing] = []
        self.last_seen_at = 0.0
        self.met = threading.Event()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._released: asyncio.Event | None = None
        self._inside = 0

    def set(self, order: Order | None) -> None:
        """Begin to count anew, with this order or none."""
        with self.lock:
            self.order = order
            self.seen = []
            self._counts.clear()
            self.met.clear()
            self._released = asyncio.Event()

    def release(self) -> None:
        """Let go of what is held: its connections end."""
        assert self.loop is not None
        if self._released is not None:
            self.loop.call_soon_threadsafe(self._released.set)

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing is under way, and nothing has passed for so long."""
        with self.lock:
            return self._inside == 0 and time.monotonic() - self.last_seen_at >= seconds

    async def passing(
        self,
        where: str,
        what: str,
        effect: Callable[[], Awaitable[bytes]],
        spoilt: Callable[[Any], Awaitable[bytes]] | None = None,
    ) -> bytes:
        """Let one request through to its effect, and answer; Cut when its connection shall end."""
        order = self._arrive(where, what)
        way = order.way if order else None
        try:
            if way in (Way.HOLD_BEFORE, Way.CUT_BEFORE):
                await self._stop(way)
            if order is not None and way is Way.FAIL and spoilt is not None:
                self.met.set()
                return await spoilt(order.with_what)
            if order is not None and way is Way.PAUSE:
                self.met.set()
                await asyncio.sleep(order.with_what)
            answer = await effect()
            if way in (Way.HOLD_AFTER, Way.CUT_AFTER):
                await self._stop(way)
            return answer
        finally:
            with self.lock:
                self._inside -= 1
                self.last_seen_at = time.monotonic()

    def _arrive(self, where: str, what: str) -> Order | None:
        """Write the crossing down; the order, when it is this one that was chosen."""
        with self.lock:
            self._inside += 1
            self._counts[where, what] += 1
            crossing = Crossing(where, what, self._counts[where, what])
            self.seen.append(crossing)
            order = self.order
            if order is None or (order.at.where, order.at.what) != (where, what):
                return None
            struck = order.at.nth <= crossing.nth < order.at.nth + order.times
            return order if struck else None

    async def _stop(self, way: Way | None) -> None:
        released = self._released
        self.met.set()
        if way in (Way.HOLD_BEFORE, Way.HOLD_AFTER) and released is not None:
            await asyncio.wait_for(released.wait(), PATIENCE_SECONDS)
        raise Cut
