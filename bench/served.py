"""Product and yardstick as they run in production: gunicorn, by default with the product's shipped numbers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from bench.prepared import ROOT

QUIET = {"PYTHONWARNINGS": "ignore:No directory", "RATE_LIMITS": "off", "DEBUG": "off"}


@dataclass(frozen=True)
class Served:
    """One gunicorn with its processes."""

    pid: int
    port: int

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            return [int(word) for word in file.read().split()]


@contextmanager
def product(port: int, **variables: str) -> Iterator[Served]:
    """The product with its shipped settings, and what these variables say otherwise."""
    words = ["-c", "config/gunicorn.py", "--access-logfile", os.devnull, "--log-level", "error", "config.wsgi"]
    with _gunicorn(words, port, {**QUIET, "PORT": str(port), **variables}, "livez") as served:
        yield served


@contextmanager
def yardstick(port: int, *, processes: int, threads: int) -> Iterator[Served]:
    """The bare DRF booking behind the same server."""
    words = ["--bind", f"127.0.0.1:{port}", "--workers", str(processes), "--threads", str(threads)]
    words += ["--log-level", "error", "bench.yardstick.wsgi"]
    variables = {"DJANGO_SETTINGS_MODULE": "bench.yardstick.settings"}
    with _gunicorn(words, port, variables, "empty/") as served:
        yield served


@contextmanager
def _gunicorn(words: list[str], port: int, variables: dict[str, str], path: str) -> Iterator[Served]:
    with tempfile.TemporaryFile("w+") as log:
        command = [sys.executable, "-m", "gunicorn", *words]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/{path}", process)
            yield Served(process.pid, port)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-4000:])
            raise
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urlopen(address).close()
            return
        except URLError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise SystemExit(f"bench: nothing answers at {address}")
