import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from django.db import connections, transaction

logger = logging.getLogger(__name__)


class Lane:
    """A few threads of this process that do a promised thing soon after the commit that promised it.

    A nudge, never the guarantee: the promise is a row, and a command finishes what a crash or a full lane has missed.
    """

    def __init__(self, name: str, *, workers: int, waiting: int = 200) -> None:
        self.name = name
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=name)
        self._places = threading.BoundedSemaphore(waiting)
        self._unfinished: set[Future[None]] = set()

    def run(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Run the task in the background once the present transaction has committed; not at all if it rolls back."""
        transaction.on_commit(lambda: self._submit(task, args, kwargs))

    def wait(self, seconds: float) -> bool:
        """Wait until everything submitted so far has ended; False if time ran out."""
        return not wait(set(self._unfinished), timeout=seconds).not_done

    def _submit(self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self._places.acquire(blocking=False):
            logger.warning("The lane %s is full; its command will do the rest", self.name)
            return
        try:
            future = self._threads.submit(self._perform, task, args, kwargs)
        except RuntimeError:  # the process ends: what it has begun is finished, nothing new is begun
            self._places.release()
            logger.info("The process ends; what the lane %s would do next is left to its command", self.name)
            return
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)

    def _perform(self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            task(*args, **kwargs)
        except Exception:
            # Nobody waits for the result; the row stays as it is and its command tries again.
            logger.exception("The lane %s could not finish a task", self.name)
        finally:
            self._places.release()
            connections.close_all()
