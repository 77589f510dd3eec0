"""The program's commands, as cron runs them: real processes that wait for the barrier."""

import asyncio
import os
import re
import subprocess
import sys
from typing import Any

from tests.races.scores import scores
from tests.races.server import ROOT, settings_of_this_run

PATIENCE_SECONDS = 60


class Command:
    """One run of a command: already set up, it begins when the barrier opens."""

    def __init__(self, *arguments: str, sandbox: str, without: str = "") -> None:
        self.status: int | None = None
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.races.starting", *arguments],
            cwd=ROOT,
            env={**os.environ, **settings_of_this_run(sandbox), "WITHOUT": without},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    @property
    def running(self) -> bool:
        return self.status is None

    async def __call__(self, http: Any) -> "Command":
        """Begin, and come back with what it said and its exit status."""
        self.said, _ = await asyncio.to_thread(self.process.communicate, "\n", PATIENCE_SECONDS)
        self.status = self.process.returncode
        scores.present.heard(200 if self.status == 0 else 500)
        return self

    def count(self, what: str) -> int:
        """How many of something its one line speaks of."""
        found = re.search(rf"(\d+) {what}", self.said)
        assert found, self.said
        return int(found[1])

    def end(self) -> None:
        """Leave nothing behind, whatever became of the race."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
