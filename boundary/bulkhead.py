import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class BulkheadFull(Exception):
    """Every place is taken by a call that does not come back; nothing was asked."""


class Bulkhead:
    """So many threads may be inside one outside service at a time; when it hangs, the others still serve.

    Who finds no place waits for one, within bounds, while calls come back: in a rush they do. When none has come back
    for a while whoever waits is refused, and from then on nobody waits, until the service has answered a call again.
    """

    def __init__(self, *, silence: type[Exception]) -> None:
        """`silence` is what a call raises to which no answer came; every other error is one."""
        self._silence = silence
        self._places: threading.Semaphore | None = None
        self._silent = self._longest = 0.0
        self._answered = 0.0
        self._hangs = False

    def narrow(self, places: int, *, silent: float, longest: float) -> None:
        """From now on so many; until then there is no limit.

        A place is waited for until nothing has come back for `silent` seconds, and for `longest` seconds at most.
        """
        self._places = threading.Semaphore(places)
        self._silent, self._longest = silent, longest

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place during the block, which is one call. Raises BulkheadFull."""
        places = self._places
        if places is None:
            yield
            return
        self._wait_for(places)
        heard = True
        try:
            yield
        except self._silence:
            heard = False
            raise
        finally:
            if heard:
                self._answered, self._hangs = time.monotonic(), False
            places.release()

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
