"""Django set up for a benchmark, before anything that needs it is imported; without DATABASE_URL a file under .run/."""

import os
from pathlib import Path

import django
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / ".run" / "integrity.sqlite3"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = f"sqlite:///{FILE}"
django.setup()


def start_afresh() -> None:
    """Forget the file of an earlier run, where it is this file that is measured."""
    if connection.settings_dict["NAME"] == FILE:
        FILE.parent.mkdir(exist_ok=True)
        for name in FILE.parent.glob(f"{FILE.name}*"):
            name.unlink()
