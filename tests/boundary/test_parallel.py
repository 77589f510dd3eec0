"""Several at once, at a pace; what goes wrong is told when what has begun has ended."""

import threading
import time

import pytest

from boundary import parallel
from boundary.parallel import Pace

LONG_SECONDS = 30
PAUSE_SECONDS = 0.02


def test_so_many_are_at_work_at_once() -> None:
    together = threading.Barrier(3)
    done = dict(parallel.each(lambda number: together.wait(LONG_SECONDS) >= 0, range(6), workers=3))
    assert done == dict.fromkeys(range(6), True)


def test_one_worker_is_the_caller() -> None:
    threads = [thread for _, thread in parallel.each(lambda _: threading.current_thread(), range(2), workers=1)]
    assert threads == [threading.current_thread()] * 2


def test_an_error_is_raised_when_what_has_begun_has_ended_and_nothing_is_begun_any_more() -> None:
    ended, leave = [], threading.Event()

    def work(number: int) -> None:
        if number == 0:
            leave.set()
            raise ValueError("no")
        leave.wait(LONG_SECONDS)
        time.sleep(PAUSE_SECONDS)
        ended.append(number)

    with pytest.raises(ValueError, match="no"):
        list(parallel.each(work, range(1000), workers=2))
    assert 1 in ended
    assert len(ended) < 999


def test_between_two_that_begin_lies_the_pause_in_whichever_threads_they_are() -> None:
    pace = Pace(1 / PAUSE_SECONDS)

    def begin(_: int) -> float:
        pace.wait()
        return time.monotonic()

    began = time.monotonic()
    last = max(moment for _, moment in parallel.each(begin, range(10), workers=8))
    assert last - began >= 9 * PAUSE_SECONDS


def test_what_has_ended_is_told_while_another_still_waits() -> None:
    leave = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert leave.wait(LONG_SECONDS)
        return number * 2

    told = []
    for ended in parallel.answered(work, range(5), workers=2, seconds=PAUSE_SECONDS):
        told.extend(ended)
        if len(told) == 4:
            leave.set()
    assert sorted(told[:4]) == [(number, number * 2) for number in range(1, 5)]
    assert told[4:] == [(0, 0)]


def test_what_is_told_in_lists_is_told_at_once_when_all_have_ended() -> None:
    began = time.monotonic()
    [together] = parallel.answered(lambda number: number, range(5), workers=2, seconds=LONG_SECONDS)
    assert sorted(together) == [(number, number) for number in range(5)]
    assert time.monotonic() - began < LONG_SECONDS


def test_nothing_to_do_is_told_in_no_list() -> None:
    assert list(parallel.answered(lambda number: number, [], workers=2, seconds=LONG_SECONDS)) == []


def test_an_error_of_one_ends_what_is_told_in_lists() -> None:
    def work(number: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(parallel.answered(work, range(3), workers=2, seconds=LONG_SECONDS))
