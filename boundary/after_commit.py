import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.db import connections, transaction

from boundary.bulkhead import nobody_misses_this_thread

logger = logging.getLogger(__name__)
# What comes within this time is done together: nobody waits for it, and in a rush it is many at once.
GATHER_SECONDS = 0.05


class Lane:
    """A few threads of this process that do a promised thing soon after the commit that promised it.

    A nudge, never the guarantee: the promise is a row, and a command finishes what a crash or a full lane has missed.
    """

    def __init__(self, name: str, *, workers: int, waiting: int = 200) -> None:
        self.name = name
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name, initializer=nobody_misses_this_thread)
        self._places = threading.BoundedSemaphore(waiting)
        self._unfinished: set[Future[None]] = set()
        self._workers = workers
        self._gathered: deque[Any] = deque()

    def run(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Run the task in the background once the present transaction has committed; not at all if it rolls back."""
        transaction.on_commit(lambda: self._submit(task, args, kwargs))

    def run_together(self, task: Callable[[list[Any]], Any], item: Any) -> None:
        """Like `run`, but whatever has come by the time a thread is free is done at once, as one list of items.

        One thread takes no more than its share, so that the others go on with the rest. All of a lane have one task.
        """
        transaction.on_commit(lambda: self._submit(self._take_share, (task,), {}, gathered=(item,)))

    def wait(self, seconds: float) -> bool:
        """Wait until everything submitted so far has ended; False if time ran out."""
        return not wait(set(self._unfinished), timeout=seconds).not_done

    def _submit(
        self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], gathered: tuple[Any, ...] = ()
    ) -> None:
        if not self._places.acquire(blocking=False):
            logger.warning("The lane %s is full; its command will do the rest", self.name)
            return
        self._gathered.extend(gathered)
        try:
            future = self._threads.submit(self._perform, task, args, kwargs)
        except RuntimeError:  # the process ends: what it has begun is finished, nothing new is begun
            self._places.release()
            logger.info("The process ends; what the lane %s would do next is left to its command", self.name)
            return
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)

    def _take_share(self, task: Callable[[list[Any]], Any]) -> None:
        """There are as many of these as items: who comes when others have taken them all has nothing to do."""
        if not self._gathered:
            return
        time.sleep(GATHER_SECONDS)
        items = []
        try:
            for _ in range(len(self._gathered) // self._workers + 1):
                items.append(self._gathered.popleft())
        except IndexError:
            pass
        if items:
            task(items)

    def _perform(self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            task(*args, **kwargs)
        except Exception:
            # Nobody waits for the result; the row stays as it is and its command tries again.
            logger.exception("The lane %s could not finish a task", self.name)
        finally:
            self._places.release()
            connections.close_all()
