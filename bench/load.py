"""Load from a process of its own: wrk sends prepared requests over connections that stay open."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".lua")
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """What came of one load: answers by status, and the milliseconds that half, 95 and 99 of a hundred stayed under."""

    seconds: float
    codes: dict[int, int]
    lost: int  # connections refused or broken, and answers that never came
    p50: float
    p95: float
    p99: float

    def rate(self, *statuses: int) -> float:
        """Answers a second with one of these statuses."""
        return sum(self.codes.get(status, 0) for status in statuses) / self.seconds

    @property
    def failures(self) -> int:
        return self.lost + sum(count for status, count in self.codes.items() if status >= 500)


def request(method: str, path: str, *, headers: Mapping[str, str] | None = None, body: str = "") -> str:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def send(base: str, requests: Iterable[str], *, clients: int, seconds: float) -> Load:
    """Send them in turn from so many clients, each waiting for its answer, until the time is over."""
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        file.write("\0".join(requests))
        file.flush()
        words = ["wrk", "--threads", "1", "--connections", str(clients), "--duration", f"{seconds:.0f}s"]
        words += ["--timeout", f"{PATIENCE_SECONDS}s", "--script", str(SCRIPT), base]
        ended = subprocess.run(words, env=os.environ | {"REQUESTS": file.name}, capture_output=True, text=True)
    told = ended.stdout.partition("RESULT ")[2]
    if not told:
        raise SystemExit(f"bench: wrk said {ended.stdout}{ended.stderr}")
    read = json.loads(told)
    return Load(**read | {"codes": {int(status): count for status, count in read["codes"].items()}})


def refuse_without_wrk() -> None:
    """Say what is missing before anything is measured."""
    if shutil.which("wrk") is None:
        raise SystemExit("bench: wrk is missing; install it (Debian and Ubuntu: apt-get install wrk)")
