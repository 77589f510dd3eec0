import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class BulkheadFull(Exception):
    """Every place is taken by a call that does not come back; nothing was asked."""


class Bulkhead:
    """So many threads may be inside one outside service at a time; when it hangs, the others still serve.

    Who finds no place waits for one as long as calls come back: in a rush they do. When none has come back for a while
    whoever waits is refused, and from then on nobody waits, until the service has answered a call again.
    """

    def __init__(self, *, silence: type[Exception]) -> None:
        """`silence` is what a call raises to which no answer came; every other error is one."""
        self._silence = silence
        self._places: threading.Semaphore | None = None
        self._patience = 0.0
        self._answered = 0.0
        self._hangs = False

    def narrow(self, places: int, *, patience: float) -> None:
        """From now on so many, each waiting so many seconds for any answer; until then there is no limit."""
        self._places, self._patience = threading.Semaphore(places), patience

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
        since = time.monotonic()
        left = 0.0 if self._hangs else self._patience
        while not places.acquire(timeout=left):
            left = max(since, self._answered) + self._patience - time.monotonic()
            if left <= 0 or self._hangs:
                self._hangs = True
                raise BulkheadFull
