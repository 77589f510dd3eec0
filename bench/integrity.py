"""How long `check_integrity` takes for a studio of ten thousand, a hundred thousand and a million bookings.

    python -m bench.integrity [--bookings 1000000]
    python -m tests.postgresql bench.integrity

Without DATABASE_URL it fills a file of SQLite under .run/. The real command runs in a process of its own, whose peak
memory is what the system says of it. Each size must be clean, and one lost confirmation must be found in the largest.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from bench.prepared import ROOT, start_afresh

# isort: split
# What needs Django to be set up, which the line above does.
from django.core.management import call_command
from django.db import connection

from bench.studio import BLOCK
from booking.models import Booking
from notifications.models import Message
from tests.evidence.record import FOLDER, Plot, Record, write


@dataclass(frozen=True)
class Run:
    """One run of the command: its answer, its seconds by the clock and its peak memory."""

    bookings: int
    status: int
    laws: list[dict[str, Any]]
    seconds: float
    megabytes: float


# The peak of a process is never below what the one weighs that starts it: so a small one does.
WEIGHED = """import os, subprocess, sys
_, status, used = os.wait4(subprocess.Popen(sys.argv[1:]).pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))"""


def check(bookings: int) -> Run:
    """Run the real command in a process of its own."""
    command = [sys.executable, "manage.py", "check_integrity", "--json"]
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", WEIGHED, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    laws = json.loads(ended.stdout)["laws"] if ended.returncode in (0, 1) else []
    return Run(bookings, ended.returncode, laws, seconds, int(ended.stderr.split()[-1]) / 1024)


def sizes(most: int) -> list[int]:
    """Three sizes, each ten times the one before, of whole blocks."""
    return [max(most // part // BLOCK * BLOCK, BLOCK) for part in (100, 10, 1)]


def grow(first: int, last: int) -> None:
    """In a process of its own: the peak memory of the command counts from that of the process which starts it."""
    subprocess.run([sys.executable, "-m", "bench.studio", str(first), str(last)], cwd=ROOT, check=True)


def measure(most: int) -> list[Run]:
    """Let the studio grow, and judge it at each size."""
    call_command("migrate", verbosity=0)
    if Booking.objects.exists():
        raise SystemExit("bench.integrity: the database is not empty")
    runs, first = [], 0
    for last in sizes(most):
        grow(first, last)
        runs.append(check(last))
        show(runs[-1])
        if runs[-1].status != 0:
            raise SystemExit(f"a healthy studio was not clean: {runs[-1].laws}")
        first = last
    return runs


def find_one(most: int) -> Run:
    """Lose one confirmation in the middle of the studio, which the command must find."""
    kept = Message.objects.filter(kind="booking_paid").order_by("created_at")
    kept.filter(pk=kept[most // 4].pk).delete()
    found = check(most)
    counts = {law["name"]: law["count"] for law in found.laws if law["count"]}
    print(f"  one confirmation lost: exit {found.status}, {counts}")
    if (found.status, counts) != (1, {"confirmations": 1}):
        raise SystemExit("the lost confirmation was not what the command found")
    return found


def show(run: Run) -> None:
    """Print one size's figures."""
    print(f"  {run.bookings:,} bookings: {run.seconds:.1f} s, {run.megabytes:.0f} MB", flush=True)
    print("    " + ", ".join(f"{law['name']} {law['seconds']:.2f}" for law in run.laws), flush=True)


def record(vendor: str, runs: list[Run], found: Run) -> None:
    """Write the proof down beside that of the other database."""
    part = "integrity" if vendor == "sqlite" else "integrity-postgresql"
    names = [law["name"] for law in runs[-1].laws]
    rows = [[name, *(run.laws[number]["seconds"] for run in runs)] for number, name in enumerate(names)]
    rows += [["the whole command", *(round(run.seconds, 1) for run in runs)]]
    rows += [["peak memory, MB", *(round(run.megabytes) for run in runs)]]
    x = [run.bookings for run in runs]
    plots = [
        Plot(f"{part}-seconds", "Seconds of the command", "bookings", "s", x, {vendor: [r.seconds for r in runs]}),
        Plot(f"{part}-memory", "Its peak memory", "bookings", "MB", x, {vendor: [r.megabytes for r in runs]}),
    ]
    made = Record(
        part=part,
        title=f"check_integrity on {vendor}",
        tried="Held healthy studios of three sizes against every law, then one with a single lost confirmation.",
        command="python -m bench.integrity" if vendor == "sqlite" else "python -m tests.postgresql bench.integrity",
        count=runs[-1].bookings,
        unit="bookings",
        findings=sum(law["count"] for run in runs for law in run.laws) + (found.status != 1),
        seconds=round(sum(run.seconds for run in runs), 1),
        columns=["law, seconds at", *(f"{size:,}" for size in x)],
        rows=rows,
        plots=plots,
    )
    print(f"  {write(made).relative_to(FOLDER.parents[1])}")


def main() -> None:
    """Fill, judge, seed, judge again."""
    parser = argparse.ArgumentParser(prog="python -m bench.integrity", description="Seconds of check_integrity.")
    parser.add_argument("--bookings", type=int, default=1_000_000, help="of the largest size (default: %(default)s)")
    options = parser.parse_args()
    start_afresh()
    print(f"check_integrity on {connection.vendor}:", flush=True)
    runs = measure(options.bookings)
    record(connection.vendor, runs, find_one(options.bookings))


if __name__ == "__main__":
    main()
