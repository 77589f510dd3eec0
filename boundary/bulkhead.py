import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BulkheadFull(Exception):
    """Every place is taken by a call that does not come back; nothing was asked."""


class Bulkhead:
    """So many threads may be inside one outside service at a time; when it hangs, the others still serve.

    Who finds no place waits for one, as in a rush all are taken for moments only. Once somebody has waited in vain
    nobody waits any more, until the service has answered a call again.
    """

    def __init__(self) -> None:
        self._places: threading.Semaphore | None = None
        self._patience = 0.0
        self._hangs = False

    def narrow(self, places: int, *, patience: float) -> None:
        """From now on so many, each waiting so many seconds for a place; until then there is no limit."""
        self._places, self._patience = threading.Semaphore(places), patience

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place during the block, whose end without an error tells that the service answers."""
        places = self._places
        if places is None:
            yield
            return
        if not places.acquire(timeout=0 if self._hangs else self._patience):
            self._hangs = True
            raise BulkheadFull
        try:
            yield
            self._hangs = False
        finally:
            places.release()
