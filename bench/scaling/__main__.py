"""What Holdfast does on more processes and machines: measures, simulates a chain's Monday, writes docs/scaling.md.

python -m bench.scaling [--requests 400]
python -m bench.scaling --simulate     only the second half, from the record of the last measurement
"""

from __future__ import annotations

import argparse
import json
import os

from bench.prepared import ROOT

# isort: split
# What needs Django to be set up, which the line above does.
from bench.scaling import measured, page
from tests.evidence.record import now_and_commit

RECORD = ROOT / ".run" / "scaling.json"


def main() -> None:
    """Measure and keep the record; simulate from it, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description="Processes, machines, and a Monday.")
    parser.add_argument("--requests", type=int, default=400, help="for each figure (default: %(default)s)")
    parser.add_argument("--simulate", action="store_true", help="measure nothing; take the record of the last time")
    parser.add_argument("--small", action="store_true", help="simulate few studios, to try the command")
    options = parser.parse_args()
    if not options.simulate:
        made = {**now_and_commit(), "cores": os.cpu_count()}
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(json.dumps(measured.measure(options.requests) | made, indent=1))
    sizes = {"loads": (1, 10), "doubled_at": (10,)} if options.small else {}
    print(page.write(json.loads(RECORD.read_text()), **sizes))


if __name__ == "__main__":
    main()
