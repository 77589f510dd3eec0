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
