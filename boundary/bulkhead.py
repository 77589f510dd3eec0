import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

# A thread is not missed for so long: those who come while calls are quick may all wait for the next place.
BRIEF_SECONDS = 0.1
# The service's own time is the quickest of so many last calls: what others took longer, this machine may have caused.
LAST_CALLS = 8
_here = threading.local()


def nobody_misses_this_thread() -> None:
    """From now on this thread waits for its place however many do: it serves no requests."""
    _here.is_missed = False


def shares(threads: int) -> tuple[int, int]:
    """Of the threads of a process, how many may call at a time, and for how many more there is room to wait.

    A service that hangs keeps three of four at most, and a slow one leaves one of eight to who wants nothing of it.
    """
    places = max(1, threads * 3 // 4)
    return places, max(0, threads - places - max(1, threads // 8))


class BulkheadFull(Exception):
    """Every place is taken, and nobody more may wait for one, or nobody comes back; nothing was asked."""


class Bulkhead:
    """So many threads may be inside one outside service at a time; when it is slow or hangs, the others still serve.

    Who finds no place waits for one, within bounds, while calls come back: in a rush they do. Only so many may wait,
    for each takes a thread from those who want nothing of this service; more only while a place is free again in no
    time, or where a thread is missed by nobody. When none has come back for a while whoever waits is refused, and from
    then on nobody waits, until the service has answered a call again.
    """

    def __init__(self, *, silence: type[Exception]) -> None:
        """`silence` is what a call raises to which no answer came; every other error is one."""
        self._silence = silence
        self._places: threading.Semaphore | None = None
        self._count = self._room = 0
        self._silent = self._longest = 0.0
        self._answered = 0.0
        self._took: deque[float] = deque([0.0] * LAST_CALLS, maxlen=LAST_CALLS)
        self._hangs = False
        self._waiting = 0
        self._line = threading.Lock()

    def narrow(self, places: int, *, room: int, silent: float, longest: float) -> None:
        """From now on so many, and `room` for so many to wait; until then there is no limit.

        A place is waited for until nothing has come back for `silent` seconds, and for `longest` seconds at most.
        """
        self._places = threading.Semaphore(places)
        self._count, self._room = places, room
        self._silent, self._longest = silent, longest

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place during the block, which is one call. Raises BulkheadFull."""
        places = self._places
        if places is None:
            yield
            return
        if not places.acquire(blocking=False):
            with self._in_line():
                self._wait_for(places)
        began, heard = time.monotonic(), True
        try:
            yield
        except self._silence:
            heard = False
            raise
        finally:
            now = time.monotonic()
            if heard:
                self._answered, self._hangs = now, False
                self._took.append(now - began)
            places.release()

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        if not getattr(_here, "is_missed", True):
            yield
            return
        with self._line:
            ahead = self._waiting
            if ahead >= self._room and (ahead + 1) * min(self._took) / self._count > BRIEF_SECONDS:
                raise BulkheadFull
            self._waiting += 1
        try:
            yield
        finally:
            with self._line:
                self._waiting -= 1

    def _wait_for(self, places: threading.Semaphore) -> None:
        since = now = time.monotonic()
        while True:
            silent_at = max(since, self._answered) + self._silent
            left = 0.0 if self._hangs else max(min(silent_at, since + self._longest) - now, 0.0)
            if places.acquire(timeout=left):
                return
            if silent_at <= now:
                self._hangs = True
            if not left:
                raise BulkheadFull
            now = time.monotonic()
