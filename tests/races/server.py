"""The real server over the tests' database: `gunicorn -c config/gunicorn.py`, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import requests
from django.db import connection

from notifications.models import Message
from payments.models import Payment
from sandbox import environment

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 20
# A call to a Stripe that hangs ends by itself after half a minute; its thread is waited for.
STOP_SECONDS = 60
# Several processes that import everything at once, on a machine that may be busy.
START_SECONDS = 90
BACKLOG = 1024


class Server:
    """One gunicorn with its processes and threads; what it logs goes to a file, so that no pipe can fill up."""

    def __init__(self, application: str, *, sandbox: str, log: Path, processes: int, **more: str) -> None:
        self.log = log
        self.read_to = 0
        with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener, log.open("wb") as output:
            self.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            variables = {
                **settings_of_this_run(sandbox),
                "BIND": f"fd://{listener.fileno()}",
                "WEB_CONCURRENCY": str(processes),
                "WEB_THREADS": "8",
                "PUBLIC_BASE_URL": self.base,
                **more,
            }
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", application],
                cwd=ROOT,
                env={**os.environ, **variables},
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=output,
            )

    def wait_until_ready(self) -> None:
        """The listening socket exists already: the first answer comes as soon as a process can give it."""
        answer = requests.get(f"{self.base}/readyz", timeout=START_SECONDS)
        assert answer.status_code == 200, self.logged()

    def wait_until_calm(self) -> None:
        """Wait for what follows a commit in the background: messages sent or skipped, payments voided.

        After it no thread of the server is inside the database, and the tables can be emptied.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (
            Message.objects.filter(status__in=Message.WAITING).exists()
            or Payment.objects.filter(status=Payment.Status.VOIDING).exists()
        ):
            assert time.monotonic() < deadline, f"work was left undone: {self.logged()}"
            time.sleep(0.02)

    def logged(self) -> str:
        """What was logged since it was last asked."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            lines.seek(self.read_to)
            text = lines.read()
            self.read_to = lines.tell()
        return text

    def stop(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # nobody is waiting for an answer
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE_SECONDS)
            raise


def settings_of_this_run(sandbox: str) -> dict[str, str]:
    """The environment of a process that shares this run's database and sandbox."""
    return {
        "DJANGO_ENV": "dev",
        "DEBUG": "off",
        "RATE_LIMITS": "off",
        "DATABASE_URL": database_url(),
        "BOOKING_HOLD_MINUTES": "30",
        "MAX_HOLDS_PER_MEMBER": "3",
        "PAYMENT_FAILED_POLICY": "void",
        "LATE_PAYMENT_POLICY": "reseat",
        **environment.variables(sandbox),
    }


def database_url() -> str:
    """The URL of the database that the tests have made for this run."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = ":".join(quote(part, safe="") for part in (database["USER"], database["PASSWORD"]) if part)
    where = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    options = {name: value for name, value in database["OPTIONS"].items() if isinstance(value, str)}
    if where.startswith("/"):
        options["host"], where = where, ""
    return f"postgresql://{who}{'@' if who else ''}{where}/{database['NAME']}?{urlencode(options)}".rstrip("?")
