"""Django set up for a benchmark, before anything that needs it is imported; without DATABASE_URL a file under .run/."""

import os
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / ".run" / "integrity.sqlite3"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = f"sqlite:///{FILE}"
django.setup()
