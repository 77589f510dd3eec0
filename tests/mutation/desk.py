"""A pytest plugin for a mutant's run: a desk with a database and a sandbox on it, and the deadliest tests first.

Every mutant is tried in a process of its own, a few at a time. Migrating a database and starting a sandbox for each
would take longer than its tests do; so each desk has a sandbox that already runs, and gets a copy of one migrated file.
"""

import fcntl
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import TransactionTestCase

SANDBOXES = "MUTATION_SANDBOXES"
FOLDER = "MUTATION_FOLDER"
TEMPLATE = "template.sqlite3"
STATS = Path("mutmut-stats.json")


class Desk:
    """One place to work at; it is free again when the process that took it ends, however that ends."""

    def __init__(self) -> None:
        folder = Path(os.environ[FOLDER])
        for number, base in enumerate(os.environ[SANDBOXES].split(",")):
            self._lock = os.open(folder / f"desk-{number}.lock", os.O_CREAT | os.O_RDWR)
            try:
                fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(self._lock)
                continue
            self.sandbox, self.template = base, folder / TEMPLATE
            self.database = folder / f"desk-{number}.sqlite3"
            return
        raise RuntimeError("every desk is taken")

    def clear(self, *_: object) -> None:
        """An empty database: the migrated file again, ten times as fast as deleting the rows."""
        connections.close_all()
        for written in self.database.parent.glob(f"{self.database.name}*"):
            written.unlink()
        shutil.copyfile(self.template, self.database)

    def use(self) -> None:
        """Point the program at the desk's database, and empty that after each test."""
        self.clear()
        settings = connections["default"].settings_dict
        settings["NAME"] = str(self.database)
        # No power cut is tried here, so nothing has to wait for the disk.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
        settings["OPTIONS"] = {**settings["OPTIONS"], "init_command": pragmas}
        TransactionTestCase._fixture_teardown = self.clear


class Work:
    """What one run of pytest needs; it takes its desk when the first test asks for it."""

    desk: Desk | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """Put the desk's sandbox and database in the place of those the suite would make."""
        if fixturedef.argname not in ("sandbox_process", "django_db_setup"):
            return None
        self.desk = self.desk or Desk()
        if fixturedef.argname == "django_db_setup":
            self.desk.use()
        fixturedef.cached_result = (self.desk.sandbox, fixturedef.cache_key(request), None)
        return self.desk.sandbox

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """The tests that have killed most mutants first, then the quickest."""
        seconds = json.loads(STATS.read_text())["duration_by_test"] if STATS.exists() else {}
        kills = Counter(_killers().read_text().splitlines()) if _killers().exists() else Counter()
        items.sort(key=lambda item: (-kills[item.nodeid], seconds.get(item.nodeid, 0.0)))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remember which test has killed this mutant: it may kill the next."""
        if report.failed:
            with _killers().open("a") as file:
                file.write(f"{report.nodeid}\n")


def _killers() -> Path:
    return Path(os.environ[FOLDER]) / "killers.txt"


def pytest_configure(config: Any) -> None:
    """Work at a desk, where there is one."""
    if SANDBOXES in os.environ:
        config.pluginmanager.register(Work())
