"""Runs a module beside a PostgreSQL that keeps what it commits: `python -m bench.cluster bench.bookings`.

It finds two fresh databases: DATABASE_URL is the product's, YARDSTICK_DATABASE_URL the yardstick's.
"""

from __future__ import annotations

import os
import subprocess
import sys

import bench.prepared  # noqa: F401 - sets Django up

# isort: split
from tests.faults.durable import durable

DATABASES = {"DATABASE_URL": "holdfast", "YARDSTICK_DATABASE_URL": "yardstick"}


def main(words: list[str]) -> int:
    """The exit status of the module; the server is gone afterwards."""
    with durable() as server:
        urls = {variable: server.database(name) for variable, name in DATABASES.items()}
        return subprocess.run([sys.executable, "-m", *words], env=os.environ | urls, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
