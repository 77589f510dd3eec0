"""The program's commands, as cron runs them: real processes that wait for the barrier."""

import asyncio
import json
import os
import re
import subprocess
import sys
from typing import Any

from tests.races.scores import scores
from tests.races.server import ROOT, settings_of_this_run

PATIENCE_SECONDS = 60


class Process:
    """One process that runs commands; it is set up once, so that it begins a command at once."""

    def __init__(self, *, sandbox: str, unguarded: bool, **more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.races.waiting", *(["unguarded"] if unguarded else [])],
            cwd=ROOT,
            env={**os.environ, **settings_of_this_run(sandbox), **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.asks, self.answers = self.process.stdin, self.process.stdout

    def wait_until_ready(self) -> None:
        assert self.answers.readline() == "ready\n"

    def run(self, arguments: tuple[str, ...], without: str) -> tuple[int, str]:
        print(json.dumps({"arguments": arguments, "without": without}), file=self.asks, flush=True)
        status, said = json.loads(self.answers.readline())
        return status, said

    def end(self) -> None:
        """It ends with its input; one that hangs is killed."""
        self.asks.close()
        try:
            self.process.wait(PATIENCE_SECONDS)
        finally:
            self.process.kill()
            self.answers.close()


class Command:
    """One run of a command, which begins when the barrier opens."""

    def __init__(self, process: Process, arguments: tuple[str, ...], without: str) -> None:
        self.process, self.arguments, self.without = process, arguments, without
        self.status: int | None = None
        self.said = ""

    @property
    def running(self) -> bool:
        return self.status is None

    async def __call__(self, http: Any) -> "Command":
        """Begin, and come back with what it said and its exit status."""
        run = asyncio.to_thread(self.process.run, self.arguments, self.without)
        self.status, self.said = await asyncio.wait_for(run, PATIENCE_SECONDS)
        scores.present.heard(200 if self.status == 0 else 500)
        return self

    def count(self, what: str) -> int:
        """How many of something its one line speaks of."""
        found = re.search(rf"(\d+) {what}", self.said)
        assert found, self.said
        return int(found[1])


class Processes:
    """As many processes as any race needs at once, kept for the next."""

    def __init__(self, sandbox: str, **more: str) -> None:
        self.sandbox, self.more = sandbox, more
        self.kept: dict[bool, list[Process]] = {False: [], True: []}

    def ready(self, *arguments: str, runs: int = 1, without: str = "") -> list[Command]:
        """So many runs of one command; the guard they do without, if any, is named as in `unguarded`."""
        kept = self.kept[bool(without)]
        missing = range(runs - len(kept))
        fresh = [Process(sandbox=self.sandbox, unguarded=bool(without), **self.more) for _ in missing]
        for process in fresh:
            process.wait_until_ready()
        kept += fresh
        return [Command(process, arguments, without) for process in kept[:runs]]

    def end(self) -> None:
        for process in (*self.kept[False], *self.kept[True]):
            process.end()
