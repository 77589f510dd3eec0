"""The databases of chaos runs: one studio made once, a fresh copy of it for each seed, read and aged by plain SQL."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


class Database:
    """One database, beside whoever else uses it: each question and each change stands alone."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")

    def rows(self, question: str, *values: Any) -> list[Row]:
        """Every row of a SELECT; `?` stands for a value."""
        with self._connection() as connection:
            return [dict(row) for row in connection.execute(self._spelt(question), values).fetchall()]

    def change(self, orders: list[tuple[Any, ...]]) -> None:
        """Some UPDATEs, each a text and its values, in one transaction."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
            for order, *values in orders:
                connection.execute(self._spelt(order), tuple(self._stored(value) for value in values))
            connection.execute("COMMIT")

    def tables(self) -> list[str]:
        """The names of all tables."""
        if self.is_sqlite:
            found = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        else:
            found = self.rows("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'")
        return sorted(row["name"] for row in found)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        if self.is_sqlite:
            path = self.url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                yield connection
        else:
            with closing(psycopg.connect(self.url, autocommit=True, row_factory=dict_row)) as connection:
                yield connection

    def _spelt(self, question: str) -> str:
        return question if self.is_sqlite else question.replace("?", "%s")

    def _stored(self, value: Any) -> Any:
        if self.is_sqlite and isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value


def moment(value: Any) -> datetime | None:
    """A stored time: SQLite keeps text, PostgreSQL answers with one."""
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


class Studio:
    """The studio as it stands before each storm."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.server = url if url.startswith("postgres") else None
        self.copies: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        database = self._made("studio")
        environment = {**os.environ, "DJANGO_ENV": "dev", "DATABASE_URL": database.url}
        made = subprocess.run(
            [sys.executable, "-m", "tests.chaos.studio"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        people = json.loads(made.stdout)
        self.staff: Row = people["staff"]
        self.members: list[Row] = people["members"]

    def copy(self, name: str) -> Database:
        """A fresh copy; one of that name that exists already is replaced."""
        return self._made(name, source="studio")

    def close(self) -> None:
        """Drop every database that was made; SQLite's files stay for whoever wants to look."""
        if self.server:
            for name in reversed(self.copies):
                self._order("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _made(self, name: str, source: str = "") -> Database:
        if self.server is None:
            path = self.folder / f"{name}.sqlite3"
            for leftover in self.folder.glob(f"{name}.sqlite3*"):
                leftover.unlink()
            if source:
                shutil.copy(self.folder / f"{source}.sqlite3", path)
            return Database(f"sqlite:///{path}")
        mine = f"chaos_{os.getpid()}_{name}".replace("-", "_").replace("+", "_")
        if mine not in self.copies:
            self.copies.append(mine)
        self._order("DROP DATABASE IF EXISTS {} WITH (FORCE)", mine)
        if source:
            self._order("CREATE DATABASE {} TEMPLATE {}", mine, f"chaos_{os.getpid()}_{source}")
        else:
            self._order("CREATE DATABASE {}", mine)
        return Database(urlsplit(self.server)._replace(path=f"/{mine}").geturl())

    def _order(self, order: str, *names: str) -> None:
        assert self.server is not None
        with closing(psycopg.connect(self.server, autocommit=True)) as connection:
            connection.execute(sql.SQL(order).format(*map(sql.Identifier, names)))
