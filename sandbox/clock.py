"""The sandbox's clock: the machine's, moved by hand."""

from __future__ import annotations

import time


class Clock:
    """Seconds since 1970, and how far they have been moved from the machine's."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> int:
        """The present moment in whole Unix seconds."""
        return int(time.time() + self.moved)

    def exactly(self) -> float:
        """The present moment to the millisecond."""
        return round(time.time() + self.moved, 3)

    def advance(self, seconds: float) -> None:
        """Move it forward, or back with a negative number."""
        self.moved += seconds

    @staticmethod
    def machine() -> float:
        """The machine's own seconds, for waits: no hand moves them."""
        return time.monotonic()
