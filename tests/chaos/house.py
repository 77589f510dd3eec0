"""The processes of a chaos run: the sandbox, the server and the commands; all of them end with it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from sandbox import environment
from tests.chaos.database import ROOT

PATIENCE_SECONDS = 60
JSON = dict[str, Any]


def connections() -> aiohttp.ClientSession:
    """One connection a request: a server that was killed must not be met again on a connection from before."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
    )


class Sandbox:
    """The Stripe and the Twilio of a run, by their control routes and by the API."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--retry-scale", "0.05"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.base = self.process.stdout.readline().split()[-1]
        assert self.base.startswith("http://127.0.0.1:"), self.base

    async def control(self, http: aiohttp.ClientSession, verb: str, route: str, /, **body: Any) -> Any:
        """One call of the hand on it; a refusal (a card declined, a payment that is over) is an answer too."""
        async with http.request(verb, f"{self.base}/_sandbox/{route}", json=body) as answer:
            assert answer.status < 500, await answer.text()
            return await answer.json() if answer.content_type == "application/json" else None

    async def listed(self, http: aiohttp.ClientSession, kind: str) -> list[JSON]:
        """Every object of a kind that Stripe has, oldest first."""
        found: list[JSON] = []
        query: dict[str, Any] = {"limit": 100}
        while True:
            page = await self.asked(http, kind, query)
            found += page["data"]
            if not page["has_more"]:
                return found[::-1]
            query["starting_after"] = page["data"][-1]["id"]

    async def asked(self, http: aiohttp.ClientSession, path: str, query: dict[str, Any]) -> JSON:
        """What Stripe answers to one GET."""
        key = {"Authorization": f"Bearer {environment.SECRET_KEY}"}
        async with http.get(f"{self.base}/v1/{path}", params=query, headers=key) as answer:
            told: JSON = await answer.json()
            return told

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.communicate(timeout=10)


class House:
    """The program as it runs in production: gunicorn and the commands that cron would start, over one database."""

    def __init__(self, *, database: str, sandbox: str, log: Path, without: str, policies: dict[str, str]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.log = log
        self.log.write_bytes(b"")
        self.without = without
        self.server: subprocess.Popen[bytes] | None = None
        self.environment = {
            **os.environ,
            "DJANGO_ENV": "dev",
            "DEBUG": "off",
            "RATE_LIMITS": "off",
            "DATABASE_URL": database,
            "BOOKING_HOLD_MINUTES": "30",
            "MAX_HOLDS_PER_MEMBER": "3",
            "STRIPE_TIMEOUT_SECONDS": "1",
            "BIND": f"fd://{self.listener.fileno()}",
            "WEB_CONCURRENCY": "2",
            "WEB_THREADS": "8",
            "PUBLIC_BASE_URL": self.base,
            "NO_PROXY": "127.0.0.1",
            "CHAOS_WITHOUT": without,
            **policies,
            **environment.variables(sandbox),
        }

    def open(self) -> None:
        """Start the server; the socket listens already, so whoever comes meanwhile waits."""
        application = "tests.chaos.unguarded" if self.without else "config.wsgi"
        with self.log.open("ab") as output:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", application],
                cwd=ROOT,
                env=self.environment,
                pass_fds=[self.listener.fileno()],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill_server(self) -> None:
        """As if the machine lost its power: the whole group at once; and start it again."""
        self._end(signal.SIGKILL)
        self.open()

    def kill_worker(self) -> None:
        """One of its processes only; gunicorn starts another."""
        assert self.server is not None
        table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        rows = [list(map(int, line.split())) for line in table.splitlines()]
        for pid in [pid for pid, parent in rows if parent == self.server.pid][:1]:
            os.kill(pid, signal.SIGKILL)

    async def command(self, *words: str) -> asyncio.subprocess.Process:
        """Start a command of the program."""
        start = ["-m", "tests.chaos.unguarded"] if self.without else ["manage.py"]
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *start,
            *words,
            cwd=ROOT,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def stop(self) -> None:
        """End the server; what it had promised to do after a commit, it does first."""
        self._end(signal.SIGTERM)
        self.server = None

    def close(self) -> None:
        """Leave nothing behind, however the run has ended."""
        if self.server is not None:
            self._end(signal.SIGKILL)
        self.listener.close()

    def _end(self, how: signal.Signals) -> None:
        assert self.server is not None
        os.killpg(self.server.pid, how) if how == signal.SIGKILL else self.server.send_signal(how)
        try:
            self.server.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait(PATIENCE_SECONDS)
            raise
