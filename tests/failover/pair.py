"""A PostgreSQL and its standby, made of two copies of one furnished studio; either can be killed like a machine."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

from tests.faults.durable import Durable, answers

PATIENCE_SECONDS = 30.0
STANDBY = "standby"


class Node:
    """One of the two servers, by its folder: its data, and the socket at which it listens."""

    def __init__(self, template: Durable, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.binaries, self.user = template.server.bin_path, template.server.system_user
        folder.mkdir()
        shutil.copytree(template.data, self.data, ignore=shutil.ignore_patterns("postmaster.*", "log", "*.json"))
        for path in (folder, self.data, *self.data.rglob("*")):
            if self.user:
                shutil.chown(path, self.user)
        self.data.chmod(0o700)
        self.process = 0

    @property
    def url(self) -> str:
        return address(self)

    def start(self) -> None:
        """Until it answers; a standby answers as one."""
        socket = f'-h "" -k {self.folder}'
        words = ("-w", "-o", socket, "-l", str(self.folder / "log"), "-D", str(self.data), "start")
        # The server inherits what it prints to, and would keep a pipe open.
        subprocess.run([self.binaries / "pg_ctl", *words], user=self.user, stdout=subprocess.DEVNULL, check=True)
        self.process = int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """End all of its processes at once, as a machine does that loses its power."""
        killed = [self.process, *children(self.process)] if self.process else []
        for process in killed:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(runs(process) for process in killed):
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def answers(self, question: str) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        return answers(self.url, question)

    def set(self, **settings: str) -> None:
        """Change its configuration while it runs."""
        for name, value in settings.items():
            self.answers(f"ALTER SYSTEM SET {name} = '{value}'")
        self.answers("SELECT pg_reload_conf()")

    def promote(self) -> float:
        """Make it the primary; the moment from which it takes what is written."""
        assert self.answers("SELECT pg_promote(true, 30)") == [(True,)]
        return time.monotonic()


class Pair:
    """The primary, and a standby that follows it: what is committed on the one is on the disk of the other too."""

    def __init__(self, template: Durable, folder: Path) -> None:
        self.primary, self.standby = Node(template, folder / "one"), Node(template, folder / "two")
        self.primary.start()
        follows = make_conninfo(host=str(self.primary.folder), user="postgres", application_name=STANDBY)
        with (self.standby.data / "postgresql.auto.conf").open("a") as more:
            more.write(f"primary_conninfo = '{follows}'\nwal_receiver_status_interval = '1s'\n")
        (self.standby.data / "standby.signal").touch()
        self.standby.start()
        self.primary.set(synchronous_standby_names=STANDBY)
        self.wait_until(lambda: self.primary.answers("SELECT sync_state FROM pg_stat_replication") == [("sync",)])

    @property
    def url(self) -> str:
        """The address of whichever of the two takes what is written."""
        return address(self.primary, self.standby) + "&target_session_attrs=read-write"

    def wait_until(self, ready: Any) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready():
            assert time.monotonic() < deadline, self.logged()
            time.sleep(0.01)

    def logged(self) -> str:
        return "\n".join((one.folder / "log").read_text() for one in (self.primary, self.standby))

    def stop(self) -> None:
        """Nothing of it is kept."""
        self.standby.kill()
        self.primary.kill()


def children(process: int) -> list[int]:
    """The processes that a process has started and that run now."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
    return []


def runs(process: int) -> bool:
    """Whether it is there, and not only because nobody has asked how it ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def address(*nodes: Node) -> str:
    """How clients name them, all at once, in libpq's own words."""
    return f"postgresql://postgres@/postgres?host={','.join(str(one.folder) for one in nodes)}"
