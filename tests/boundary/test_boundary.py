"""The edges of a transaction."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from boundary.after_commit import Lane
from boundary.network import leave_database
from members.models import Member


def test_the_network_is_refused_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="network call inside a transaction"):
        leave_database()


def test_the_network_holds_no_connection() -> None:
    Member.objects.count()
    assert connection.connection is not None
    leave_database()
    assert connection.connection is None


def test_a_lane_does_nothing_before_the_commit_and_nothing_after_a_rollback() -> None:
    lane, done = Lane("test", workers=1), []
    with transaction.atomic():
        lane.run(done.append, "kept")
        assert lane.wait(5)
        assert done == []
    with transaction.atomic():
        lane.run(done.append, "rolled back")
        transaction.set_rollback(True)
    assert lane.wait(5)
    assert done == ["kept"]


def test_a_task_that_fails_is_logged_and_stops_nobody(caplog: Any) -> None:
    lane, done = Lane("test", workers=1), []
    lane.run(lambda: 1 / 0)
    lane.run(done.append, "next")
    assert lane.wait(5)
    assert done == ["next"]
    assert "could not finish a task" in caplog.text


def test_a_full_lane_leaves_the_rest_to_its_command(caplog: Any) -> None:
    lane, done, gate = Lane("test", workers=1, waiting=2), [], threading.Event()
    lane.run(gate.wait, 5)
    for number in range(5):
        lane.run(done.append, number)
    gate.set()
    assert lane.wait(5)
    assert done == [0]
    assert "is full" in caplog.text


def test_what_comes_in_a_rush_is_done_together_and_everything_once() -> None:
    lane, lists = Lane("test", workers=2), []
    with transaction.atomic():
        for number in range(20):
            lane.run_together(lists.append, number)
        assert lane.wait(5)
        assert lists == []
    assert lane.wait(5)
    assert sorted(number for numbers in lists for number in numbers) == [*range(20)]
    assert len(lists) < 20
    assert max(map(len, lists)) <= 11, "one thread has left nothing to the other"


def test_what_came_together_and_failed_keeps_nothing_from_what_comes_next(caplog: Any) -> None:
    lane, done = Lane("test", workers=1), []

    def fail_at_first(numbers: list[int]) -> None:
        done.append(numbers)
        assert numbers != [0]

    for number in range(2):
        lane.run_together(fail_at_first, number)
        assert lane.wait(5)
    assert done == [[0], [1]]
    assert "could not finish a task" in caplog.text
