"""Somebody else, who acts at the one moment when it hurts: between this request's reading and its writing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from django.db import connection, connections


@contextmanager
def meanwhile(*acts: Callable[[], object], before: str | tuple[str, ...] = "") -> Iterator[None]:
    """Each of these acts happens once, in a thread and on a connection of its own, and is over before we go on.

    The next of them comes before the next of our statements that begins like this; when no statement is named, before
    the next of our transactions has done anything. SQLite lets nobody write while our transaction is open: there an act
    in the midst of one happens on our own connection.
    """
    waiting = list(acts)
    inside = False

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal inside
        began = sql.startswith("BEGIN") or (connection.in_atomic_block and not inside)
        inside = sql.startswith("BEGIN") or connection.in_atomic_block
        if waiting and (sql.startswith(before) if before else began):
            act = waiting.pop(0)
            act() if connection.vendor == "sqlite" and connection.in_atomic_block else _elsewhere(act)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
    assert not waiting, "the moment never came"


def _elsewhere(act: Callable[[], object]) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    thread = Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "the rival waits for us"
    if failures:
        raise failures[0]


class Crash(BaseException):
    """The process ends here."""


def crash() -> None:
    raise Crash
