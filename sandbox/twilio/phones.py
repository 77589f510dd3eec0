"""What the sandbox knows of the phones out there: who wrote when, and who wants to hear no more."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

WINDOW_SECONDS = 24 * 3600
_STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit"}
_START = {"start", "yes", "unstop"}
_REMEMBERED = 50_000


class Phones:
    """The phones by their whatsapp: address, and the account they talk to."""

    def __init__(self) -> None:
        self.account: tuple[str, str] | None = None  # the SID and token of the last accepted call
        self._heard: dict[str, int] = {}
        self._stopped: dict[str, None] = {}
        self._taken: deque[float] = deque()

    def heard(self, address: str, text: str, *, now: int) -> None:
        """Somebody wrote: the window opens anew, and a word of one's own ends or resumes messages."""
        _remember(self._heard, address, now)
        word = text.strip().lower()
        if word in _STOP:
            _remember(self._stopped, address, None)
        elif word in _START:
            self._stopped.pop(address, None)

    def stopped(self, address: str) -> bool:
        """Whether this phone asked for no more messages."""
        return address in self._stopped

    def window_ends(self, address: str) -> int | None:
        """Until when free text reaches this phone, in Unix seconds; None when it never wrote."""
        heard = self._heard.get(address)
        return None if heard is None else heard + WINDOW_SECONDS

    def in_window(self, address: str, *, now: int) -> bool:
        """Whether free text reaches this phone now."""
        return now < (self.window_ends(address) or 0)

    def admits(self, per_second: int | None) -> bool:
        """Whether one more message is within the rate; counts it if so. Real seconds, whatever the clock says."""
        if per_second is None:
            return True
        moment = time.monotonic()
        while self._taken and moment - self._taken[0] >= 1:
            self._taken.popleft()
        if len(self._taken) >= per_second:
            return False
        self._taken.append(moment)
        return True


def _remember(kept: dict[str, Any], address: str, what: Any) -> None:
    kept.pop(address, None)
    kept[address] = what
    if len(kept) > _REMEMBERED:
        del kept[next(iter(kept))]
