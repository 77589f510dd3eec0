"""The real processes of the program: a gunicorn with one process, and a cron whose commands run in forks."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.races.server import BACKLOG, ROOT, START_SECONDS, settings_of_this_run

PATIENCE_SECONDS = 20.0


class House:
    """Starts both, tells which process is at work, kills it; everything ends with `close`."""

    def __init__(
        self,
        *,
        database: str,
        web: str,
        folder: Path,
        at: Path = ROOT,
        served: str = "tests.faults.served",
        **settings: str,
    ) -> None:
        self.folder = folder
        self.at = at
        self.log = folder / "log"
        self.environment = {
            **os.environ,
            **settings_of_this_run(web),
            "DATABASE_URL": database,
            "WEB_CONCURRENCY": "1",
            # So many connections has its pool, too: what runs after a commit waits for its turn, and the order is sure.
            "WEB_THREADS": "1",
            "STRIPE_TIMEOUT_SECONDS": "20",
            "NO_PROXY": "127.0.0.1",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = self.listener.getsockname()[1]
        self.web = self._web(served)
        self.cron = self._cron(served)

    def wait_until_ready(self) -> None:
        """Until a process of the server and the cron are there."""
        self._until(lambda: self.web_process() > 0, START_SECONDS)
        assert self._heard()["ready"]

    def web_process(self) -> int:
        """The process that serves now; 0 before there is one."""
        try:
            return int(self._pid_file("web").read_text())
        except FileNotFoundError:
            return 0

    def kill_web(self) -> None:
        """Kill the serving process, and wait until there is a new one."""
        process = self.web_process()
        assert process > 0
        os.kill(process, signal.SIGKILL)
        self._until(lambda: self.web_process() != process)

    def start_command(self, *words: str) -> int:
        """Start a command; the id of its process."""
        assert self.cron.stdin is not None
        self.cron.stdin.write(json.dumps(words) + "\n")
        self.cron.stdin.flush()
        return int(self._heard()["process"])

    def end_of_command(self) -> tuple[int, str]:
        """Its exit status, negative for a signal, and what it said."""
        heard = self._heard()
        return int(heard["status"]), str(heard["output"])

    def command(self, *words: str) -> tuple[int, str]:
        """Run a command to its end."""
        self.start_command(*words)
        return self.end_of_command()

    def close(self) -> None:
        """End both, without waiting for anybody."""
        for process in (self.web, self.cron):
            process.send_signal(signal.SIGTERM)
        for process in (self.web, self.cron):
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (self.cron.stdin, self.cron.stdout):
            assert pipe is not None
            pipe.close()
        self.listener.close()

    def logged(self) -> str:
        """All that both have logged."""
        return self.log.read_text(errors="replace")

    def _web(self, served: str) -> subprocess.Popen[bytes]:
        more = {"BIND": f"fd://{self.listener.fileno()}", "PROCESS_ID_FILE": str(self._pid_file("web"))}
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", f"{ROOT}/config/gunicorn.py", "--preload", served],
                cwd=self.at,
                env=self.environment | more,
                pass_fds=[self.listener.fileno()],
                stdout=output,
                stderr=output,
            )

    def _cron(self, served: str) -> "subprocess.Popen[str]":
        more = {"PROCESS_ID_FILE": str(self._pid_file("cron"))}
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.cron", served],
                cwd=self.at,
                env=self.environment | more,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )

    def _pid_file(self, name: str) -> Path:
        return self.folder / f"{name}.pid"

    def _heard(self) -> dict[str, Any]:
        assert self.cron.stdout is not None
        line = self.cron.stdout.readline()
        assert line, self.logged()
        heard: dict[str, Any] = json.loads(line)
        return heard

    def _until(self, ready: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, self.logged()
            time.sleep(0.002)
