"""Hold the database against the laws: one snapshot, read only, however many rows there are."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from booking.laws import Law, laws

# Commands run every minute; what is older than this was not finished by any of a dozen runs.
GRACE = timedelta(minutes=15)
# What Stripe repeats for days, or a member may still pay, is given a day.
HALF_DONE = timedelta(hours=24)
EXAMPLES = 20


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


def check(*, now: datetime) -> Iterator[Verdict]:
    """Judge each law in turn, all on the state of one moment; writes nothing and locks out nobody."""
    moments = {"grace": now - GRACE, "half_done": now - HALF_DONE}
    known = {name: connection.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    with _snapshot():
        for law in laws():
            yield _judge(law, known)


def _judge(law: Law, moments: dict[str, Any]) -> Verdict:
    verdict, began = Verdict(law.name, law.sentence), time.monotonic()
    query = law.query.replace("%", "%%").replace(":grace", "%(grace)s").replace(":half_done", "%(half_done)s")
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
def _snapshot() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # Joins of whole tables stay in memory; compiling their plans costs more than it saves.
            cursor.execute("SET LOCAL work_mem = '32MB'")
            cursor.execute("SET LOCAL jit = off")
            yield
        return
    # Django begins SQLite's transactions as writers; a reader keeps nobody waiting.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        # The upper pages of every index stay in memory; the two megabytes of the default hold those of one.
        cursor.execute("PRAGMA cache_size = -32000")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
