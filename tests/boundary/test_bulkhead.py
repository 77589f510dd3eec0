"""What the races over a hanging Stripe do not reach: which errors are answers, and how long a place is waited for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from boundary.after_commit import Lane
from boundary.bulkhead import BRIEF_SECONDS, LAST_CALLS, Bulkhead, BulkheadFull, shares

LONG_SECONDS = 30
# For everybody here, where a test does not say otherwise.
ROOM = 8


@pytest.fixture
def bulkhead() -> Bulkhead:
    made = Bulkhead(silence=ConnectionError)
    made.narrow(1, room=ROOM, silent=0.05, longest=LONG_SECONDS)
    return made


@contextmanager
def held(bulkhead: Bulkhead, ends_with: Exception | None = None) -> Iterator[None]:
    """Somebody else is in the one place, until the block ends."""
    inside, leave = threading.Event(), threading.Event()

    def call() -> None:
        try:
            with bulkhead.place():
                inside.set()
                leave.wait(LONG_SECONDS)
                if ends_with is not None:
                    raise ends_with
        except (ConnectionError, ValueError):
            pass

    thread = threading.Thread(target=call)
    thread.start()
    assert inside.wait(LONG_SECONDS)
    try:
        yield
    finally:
        leave.set()
        thread.join(LONG_SECONDS)


def refused(bulkhead: Bulkhead) -> bool:
    try:
        with bulkhead.place():
            return False
    except BulkheadFull:
        return True


def test_without_a_limit_everybody_has_a_place() -> None:
    free = Bulkhead(silence=ConnectionError)
    with held(free):
        assert not refused(free)


def test_who_finds_no_place_is_refused_and_the_place_is_free_again_afterwards(bulkhead: Bulkhead) -> None:
    with held(bulkhead):
        assert refused(bulkhead)
    assert not refused(bulkhead)


@pytest.mark.parametrize(
    ("ends_with", "waits"), [(None, True), (ValueError("refused"), True), (ConnectionError("silence"), False)], ids=str
)
def test_after_an_answer_of_any_kind_a_place_is_waited_for_again(
    bulkhead: Bulkhead, ends_with: Exception | None, waits: bool
) -> None:
    """The one who is refused at once did not wait: a place that becomes free a moment later is not theirs."""
    with held(bulkhead, ends_with):
        assert refused(bulkhead)
    bulkhead.narrow(1, room=ROOM, silent=LONG_SECONDS, longest=LONG_SECONDS)
    with held(bulkhead):
        asked = threading.Thread(target=refused, args=(bulkhead,))
        asked.start()
        asked.join(0.2 if waits else LONG_SECONDS)
        assert asked.is_alive() is waits
    asked.join(LONG_SECONDS)


def test_nobody_waits_longer_than_allowed_however_alive_the_service_is(bulkhead: Bulkhead) -> None:
    bulkhead.narrow(1, room=ROOM, silent=LONG_SECONDS, longest=0.05)
    with held(bulkhead):
        assert refused(bulkhead)
        # It did not hang: so the next one waits again, and has the place when it is free.
        bulkhead.narrow(1, room=ROOM, silent=LONG_SECONDS, longest=LONG_SECONDS)
        with held(bulkhead):
            asked = threading.Thread(target=refused, args=(bulkhead,))
            asked.start()
            asked.join(0.2)
            assert asked.is_alive()
        asked.join(LONG_SECONDS)


@contextmanager
def waiting(bulkhead: Bulkhead) -> Iterator[None]:
    """Somebody waits for a place while the block runs; the place is free after it."""
    with held(bulkhead):
        asked = threading.Thread(target=refused, args=(bulkhead,))
        asked.start()
        asked.join(0.2)
        assert asked.is_alive()
        yield
    asked.join(LONG_SECONDS)


def calls(bulkhead: Bulkhead, *, slow: int) -> None:
    """As many calls as are looked back upon, so many of them so slow that two of them are more than a moment."""
    for number in range(LAST_CALLS):
        with bulkhead.place():
            time.sleep(BRIEF_SECONDS * 0.6 if number < slow else 0)


def test_while_calls_are_slow_nobody_waits_for_whom_there_is_no_room(bulkhead: Bulkhead) -> None:
    bulkhead.narrow(1, room=1, silent=LONG_SECONDS, longest=LONG_SECONDS)
    calls(bulkhead, slow=LAST_CALLS)
    with waiting(bulkhead):
        assert refused(bulkhead)


@pytest.mark.parametrize("slow", [0, LAST_CALLS - 1])
def test_while_calls_are_quick_there_is_room_for_everybody(bulkhead: Bulkhead, slow: int) -> None:
    """One quick call shows that what the others took was not the service's doing."""
    bulkhead.narrow(1, room=1, silent=LONG_SECONDS, longest=LONG_SECONDS)
    calls(bulkhead, slow=slow)
    with waiting(bulkhead):
        second = threading.Thread(target=refused, args=(bulkhead,))
        second.start()
        second.join(0.2)
        assert second.is_alive()
    second.join(LONG_SECONDS)


def test_who_has_waited_leaves_the_room_to_the_next(bulkhead: Bulkhead) -> None:
    bulkhead.narrow(1, room=1, silent=LONG_SECONDS, longest=LONG_SECONDS)
    calls(bulkhead, slow=LAST_CALLS)
    for _again in range(2):
        with waiting(bulkhead):
            assert refused(bulkhead)
        calls(bulkhead, slow=LAST_CALLS)


def test_what_follows_a_commit_in_the_background_waits_for_its_place_all_the_same(bulkhead: Bulkhead) -> None:
    """A refund or a void that was promised keeps no thread from anybody; refused, it would be left to its command."""
    bulkhead.narrow(1, room=1, silent=LONG_SECONDS, longest=LONG_SECONDS)
    calls(bulkhead, slow=LAST_CALLS)
    lane, came = Lane("test", workers=1), []
    with waiting(bulkhead):
        lane.run(lambda: came.append(refused(bulkhead)))
        assert not lane.wait(0.2)
        assert refused(bulkhead)
    assert lane.wait(LONG_SECONDS)
    assert came == [False]


@pytest.mark.parametrize(("threads", "share"), [(1, (1, 0)), (2, (1, 0)), (4, (3, 0)), (8, (6, 1)), (32, (24, 4))])
def test_one_thread_of_eight_is_left_to_who_wants_nothing_of_the_service(threads: int, share: tuple[int, int]) -> None:
    """Where a process has one alone, it is the only one to call in."""
    assert shares(threads) == share
