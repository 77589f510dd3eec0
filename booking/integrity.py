"""Hold the database against the laws: one snapshot, read only, however many rows there are."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Barrier, BrokenBarrierError
from typing import Any

from django.db import Error, OperationalError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from booking import policy
from booking.laws import Law, laws

# Commands run every minute; what is older than this was not finished by any of a dozen runs.
GRACE = timedelta(minutes=15)
# What Stripe repeats for days, or a member may still pay, is given a day.
HALF_DONE = timedelta(hours=24)
EXAMPLES = 20
# A million bookings keep one processor busy for some nine seconds; two readers share them.
READERS = 2
PATIENCE_SECONDS = 30
Join = Callable[[], AbstractContextManager[None]]


@dataclass
class Verdict:
    """How often one law is broken, the first few of what breaks it, and how long it took to tell."""

    name: str
    sentence: str
    count: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0


def missing_migrations() -> int:
    """How many migrations the database lacks: one that is not this program's yet cannot be judged by its laws."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def check(*, now: datetime) -> list[Verdict]:
    """Judge every law on the state of one moment, two at a time; writes nothing, and no writer waits for a law."""
    moments = {"grace": now - GRACE, "half_done": now - HALF_DONE, "offers_reach": policy.offers_reach(now)}
    known = {name: connection.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    waiting, begun = SimpleQueue[Law](), Barrier(READERS + 1, timeout=PATIENCE_SECONDS)
    # The dearest laws stand last in the books: begun first, they do not leave one reader alone in the end.
    for law in reversed(laws()):
        waiting.put(law)
    with ThreadPoolExecutor(READERS) as readers:
        with _moment() as join, suppress(BrokenBarrierError):
            reading = [readers.submit(_read, join, begun, waiting, known) for _ in range(READERS)]
            begun.wait()
        found = {verdict.name: verdict for verdicts in reading for verdict in verdicts.result()}
    if len(found) < len(laws()):
        raise OperationalError("the readers could not begin at one moment")
    return [found[law.name] for law in laws()]


def _read(join: Join, begun: Barrier, waiting: SimpleQueue[Law], moments: dict[str, Any]) -> list[Verdict]:
    """One reader's share of the laws, on a connection of its own."""
    verdicts: list[Verdict] = []
    try:
        with _begun(join, begun), suppress(Empty):
            while True:
                verdicts.append(_judge(waiting.get_nowait(), moments))
    except BrokenBarrierError:
        pass  # the other reader could not begin, and says why
    finally:
        connections.close_all()
    return verdicts


@contextmanager
def _begun(join: Join, begun: Barrier) -> Iterator[None]:
    """At the moment, once everybody is; whoever cannot begin keeps nobody waiting."""
    with ExitStack() as stack:
        try:
            stack.enter_context(join())
        except Error:
            begun.abort()
            raise
        begun.wait()
        yield


def _judge(law: Law, moments: dict[str, Any]) -> Verdict:
    verdict, began = Verdict(law.name, law.sentence), time.monotonic()
    query = law.query.replace("%", "%%")
    for name in moments:
        query = query.replace(f":{name}", f"%({name})s")
    # The database counts and hands over the examples alone: a million findings take no more memory than none. A cursor
    # on the server would do that too, but PostgreSQL runs no cursor's query in parallel.
    query = f"SELECT subject, wrong, COUNT(*) OVER () FROM ({query}) found LIMIT {EXAMPLES}"  # noqa: S608 - a constant
    with connection.cursor() as cursor:
        cursor.execute(query, moments)
        for subject, wrong, count in cursor.fetchall():
            verdict.count = count
            verdict.examples.append((str(subject), str(wrong)))
    verdict.seconds = round(time.monotonic() - began, 3)
    return verdict


@contextmanager
def _moment() -> Iterator[Join]:
    """A moment that readers can join as long as it is held; what is written later is not there for them."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            name = cursor.fetchone()[0]
            yield lambda: _postgresql_reader(name)
        return
    # SQLite's snapshots have no name: while nobody can write, all readers begin with the same one.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield _sqlite_reader
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def _postgresql_reader(moment: str) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [moment])
        # Joins of whole tables stay in memory; compiling their plans costs more than it saves.
        cursor.execute("SET LOCAL work_mem = '32MB'")
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


@contextmanager
def _sqlite_reader() -> Iterator[None]:
    with connection.cursor() as cursor:
        # The upper pages of every index stay in memory; the two megabytes of the default hold those of one.
        cursor.execute("PRAGMA cache_size = -32000")
        cursor.execute("BEGIN DEFERRED")
        cursor.execute("SELECT COUNT(*) FROM sqlite_master")  # the snapshot begins with the first reading
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
