"""How the program talks to its database: SQLite for a small studio and for trying things out, else PostgreSQL."""

from pathlib import Path
from typing import Any

import dj_database_url
from django.db import connections

from config.timeouts import Timeouts


def postgresql(url: str, *, threads: int, timeouts: Timeouts, through_pgbouncer: bool) -> dict[str, Any]:
    """A pool of a few connections a process; through PgBouncer nothing that would have to outlive a transaction."""
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    # Few connections: sixteen were twice as fast as sixty-four on a hot row, and calls of vendors hold none.
    pool = {"min_size": 1, "max_size": min(threads, 8), "timeout": timeouts.pool}
    options: dict[str, Any] = {"connect_timeout": timeouts.connect}
    if not through_pgbouncer:  # it refuses them; docs/server.md says where they stand then
        options["options"] = f"-c lock_timeout={timeouts.lock}s"
        options["options"] += f" -c idle_in_transaction_session_timeout={timeouts.idle_in_transaction}s"
    return {
        **database,
        "CONN_MAX_AGE": 0,
        # The health check is what keeps the pool from handing out connections that a database restart has killed.
        "CONN_HEALTH_CHECKS": True,
        # A cursor on the server outlives its transaction, and behind PgBouncer the next one may be on another server.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {**options, **database.get("OPTIONS", {}), "pool": pool},
    }


def sqlite(url: str, *, folder: Path) -> dict[str, Any]:
    """A file, relative to the folder, that is safe against crashes and takes writers one after the other."""
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    return {
        **database,
        "NAME": folder / (database["NAME"] or "db.sqlite3"),
        "TEST": {"NAME": folder / ".run" / "test.sqlite3"},
        "OPTIONS": {
            # Without IMMEDIATE a transaction that reads before it writes fails with "database is locked" instead of
            # waiting.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def limit_statements(timeouts: Timeouts) -> None:
    """From now on PostgreSQL ends each statement of this process in time: for the server, not for commands."""
    for database in connections.settings.values():
        if "options" in database["OPTIONS"]:
            database["OPTIONS"]["options"] += f" -c statement_timeout={timeouts.statement}s"


def caches(*, shared: bool) -> dict[str, Any]:
    """What is remembered for a while: in each process, and where processes share a database there as well."""
    in_process = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}}
    # Whoever guesses passwords or codes is counted by all processes together. Each entry costs a count of the table,
    # which the limit keeps short.
    in_database = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
    return {
        "default": in_database if shared else in_process,
        "throttles": {**in_process, "LOCATION": "throttles"},
    }
