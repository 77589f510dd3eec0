"""Everything of docs/benchmarks.md, on one machine in one run; writes the page and its plots.

    python -m bench.cluster bench [--sizes 10000 100000 1000000] [--turns 3] [--seconds 4] [--requests 100000]
    python -m bench --page     only the page, from the record of the last run

At each size of a studio the product takes turns with the yardstick; what does not depend on the size is measured at
the largest. Needs wrk. Other work on the machine spoils it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.prepared import ROOT

# isort: split
from django.conf import settings

from bench import cards, expiring, footprint, integrity, load, page, rush, works
from bench.bookings import both, fill
from tests.evidence.record import now_and_commit

RECORD = ROOT / ".run" / "bench.json"
STALE = 10_000
ASKED = 200
# What is shipped comes first, and is judged.
THREADS = (settings.WEB_THREADS, 32)


def at_size(bookings: int, turns: int, seconds: int) -> dict[str, Any]:
    """What is measured at each size, where the studio has so many bookings."""
    with both() as (product, yardstick):
        cases = works.cases(product.base, yardstick.base)
        found = works.take_turns(cases, turns=turns, seconds=seconds)
    judged = integrity.check(bookings)
    return {
        "bookings": bookings,
        "rates": {name: one.rate for name, one in found.items()},
        "p99": {name: one.p99 for name, one in found.items()},
        "failures": {name: one.failures for name, one in found.items()},
        "ratios": {works.against(one, other): found[one].against(found[other]) for one, other, _goal in works.RATIOS},
        "expiry": asdict(expiring.measure(STALE, turns=turns, asked=ASKED)),
        "integrity": {"seconds": judged.seconds, "status": judged.status},
    }


def measure(sizes: Sequence[int], turns: int, seconds: int, requests: int) -> dict[str, Any]:
    """The whole record."""
    fill()
    sized, grown = [], 0
    for bookings in sizes:
        print(f"{bookings:,} bookings", flush=True)
        integrity.grow(grown, bookings)
        grown = bookings
        sized.append(at_size(bookings, turns, seconds))
    with both() as (product, _yardstick):
        everybody = rush.measure(product.base)
    beside = [asdict(cards.measure(threads=number, seconds=seconds)) for number in THREADS]
    return {
        **now_and_commit(),
        "cores": os.cpu_count(),
        "clients": works.CLIENTS,
        "turns": turns,
        "seconds": seconds,
        "sizes": sized,
        "rush": asdict(everybody),
        "cards": beside,
        "memory": asdict(footprint.measure(requests)),
    }


def main() -> None:
    """Measure and keep the record; print and write the page from it."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster bench", description="All of docs/benchmarks.md.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="bookings")
    parser.add_argument("--turns", type=int, default=3, help="of each load (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=4, help="of one turn (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=100_000, help="while memory is watched (default: %(default)s)")
    parser.add_argument("--page", action="store_true", help="measure nothing; take the record of the last time")
    options = parser.parse_args()
    if not options.page:
        load.refuse_without_wrk()
        RECORD.parent.mkdir(exist_ok=True)
        found = measure(options.sizes, options.turns, options.seconds, options.requests)
        RECORD.write_text(json.dumps(found, indent=1))
    print("\n".join(page.write(json.loads(RECORD.read_text()))))


if __name__ == "__main__":
    main()
