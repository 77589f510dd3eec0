"""Many calls of one outside service at once, as fast as that service allows."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from typing import TypeVar

from django.db import connections

from boundary.network import leave_database

T = TypeVar("T")
R = TypeVar("R")


class Pace:
    """Lets so many begin in a second, in whichever threads they are."""

    def __init__(self, per_second: float) -> None:
        self._pause = 1 / per_second
        self._next = 0.0
        self._turn = threading.Lock()

    def wait(self) -> None:
        with self._turn:
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + self._pause


def each(work: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[tuple[T, R]]:
    """Do the work for every item, in so many threads: each item and what came of it, the quickest first.

    One worker is the caller. Outside transactions; the connection of the caller is given back, for the threads need
    theirs. What the work raises is raised here, when what has begun has ended.
    """
    leave_database()
    if workers == 1:
        for item in items:
            yield item, work(item)
        return
    with ThreadPoolExecutor(max_workers=workers) as crew:
        begun = {crew.submit(_alone, work, item): item for item in items}
        try:
            for future in as_completed(begun):
                yield begun[future], future.result()
        finally:
            crew.shutdown(cancel_futures=True)


def answered(
    work: Callable[[T], R], items: Iterable[T], *, workers: int, seconds: float
) -> Iterator[list[tuple[T, R]]]:
    """The same, told in lists: every so many seconds what has ended since, so that nobody waits for the slowest.

    Always in threads; the work leaves the database alone.
    """
    leave_database()
    with ThreadPoolExecutor(max_workers=workers) as crew:
        begun = {crew.submit(work, item): item for item in items}
        left = set(begun)
        try:
            while left:
                ended, left = wait(left, timeout=seconds)
                yield [(begun[future], future.result()) for future in ended]
        finally:
            crew.shutdown(cancel_futures=True)


def _alone(work: Callable[[T], R], item: T) -> R:
    try:
        return work(item)
    finally:
        connections.close_all()
