"""A real PgBouncer in front of the tests' database, set up as docs/server.md says, with a pool that is too small."""

import os
import pwd
import re
import subprocess
import time
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.journeys.demo import free_port
from tests.races.server import ROOT, database_url

PROGRAM = "/usr/sbin/pgbouncer"
PATIENCE_SECONDS = 20
# check_integrity reads one snapshot over three connections.
POOL = 4


class PgBouncer:
    """One process, from its making to `stop`."""

    def __init__(self, folder: Path) -> None:
        self.database = conninfo_to_dict(database_url())
        self.port = free_port()
        self.url = f"postgresql://holdfast@127.0.0.1:{self.port}/holdfast"
        folder.chmod(0o755)
        settings = folder / "pgbouncer.ini"
        with settings.open("w") as file:
            self._settings().write(file)
        # As root it serves as who owns the socket of PostgreSQL: nobody else may come near it.
        there = Path(self.database["host"])
        owner = pwd.getpwuid(there.stat().st_uid).pw_name if there.exists() else "nobody"
        become = ["-u", owner] if os.geteuid() == 0 else []
        self.log = folder / "log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen([PROGRAM, *become, str(settings)], stdout=output, stderr=output)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                psycopg.connect(self.url).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, self.log.read_text()
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)

    def asked(self, question: str) -> list[dict[str, Any]]:
        """What its console says of itself."""
        url = self.url.replace("/holdfast", "/pgbouncer")
        with psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row) as console:
            return psycopg.ClientCursor(console, row_factory=psycopg.rows.dict_row).execute(question).fetchall()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)

    def _settings(self) -> ConfigParser:
        [written] = re.findall(r"```ini\n(.*?)```", (ROOT / "docs" / "server.md").read_text(), re.S)
        settings = ConfigParser(interpolation=None)
        settings.read_string(written)
        known = ("host", "port", "dbname", "user", "password")
        where = " ".join(f"{name}='{self.database[name]}'" for name in known if self.database.get(name))
        [limits] = re.findall(r"connect_query=.*", settings["databases"]["holdfast"])
        settings["databases"]["holdfast"] = f"{where} {limits}"
        settings["pgbouncer"].update(
            {
                "listen_port": str(self.port),
                "unix_socket_dir": "",
                "auth_type": "any",
                "admin_users": "holdfast",
                "default_pool_size": str(POOL),
                # A machine that tests may be slower than a machine that serves.
                "query_wait_timeout": "60",
            }
        )
        return settings
