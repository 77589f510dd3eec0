"""`python -m tests.evidence`: run every proof at its large size and write `docs/evidence.md`; see `--help`."""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass, field

from tests.evidence import page
from tests.evidence.record import FOLDER, ROOT

POSTGRESQL = ("-m", "tests.postgresql")


@dataclass(frozen=True)
class Step:
    """One proof: the records it writes, and how it is run."""

    parts: tuple[str, ...]
    words: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self) -> bool:
        """Whether it broke no promise; what it says goes to the terminal."""
        for part in self.parts:
            (FOLDER / f"{part}.json").unlink(missing_ok=True)
        print(f"evidence: {', '.join(self.parts)} …", flush=True)
        ended = subprocess.run(
            [sys.executable, *self.words], cwd=ROOT, env={**os.environ, **self.environment}, check=False
        )
        return ended.returncode == 0


STEPS = (
    Step(
        ("reconciliation",),
        (
            *POSTGRESQL,
            "tests.evidence.cases",
            "reconciliation",
            "Differences with Stripe, found and set right",
            "tests/booking/test_reconciliation.py",
            "tests/races/test_reconciliation.py",
        ),
    ),
    Step(
        ("faults-kills", "faults-database", "faults-restart"),
        (*POSTGRESQL, "pytest", "tests/faults"),
        {"FAULTS": "all"},
    ),
    Step(("races-50",), (*POSTGRESQL, "pytest", "tests/races"), {"RACE_CLIENTS": "50"}),
    Step(("races-200",), (*POSTGRESQL, "pytest", "tests/races"), {"RACE_CLIENTS": "200"}),
    Step(("races-500",), (*POSTGRESQL, "pytest", "tests/races"), {"RACE_CLIENTS": "500"}),
    Step(("races-sqlite",), ("-m", "pytest", "tests/races"), {"RACE_CLIENTS": "50", "DATABASE_URL": ""}),
    Step(("model",), (*POSTGRESQL, "pytest", "tests/model/test_model.py"), {"MODEL_EXAMPLES": "200"}),
    Step(("permutations",), (*POSTGRESQL, "pytest", "tests/model/test_permutations.py"), {"MODEL_EXAMPLES": "1"}),
    Step(("openapi",), ("-m", "tests.openapi.fuzz", "--cases", "10000")),
    Step(("mutation",), ("-m", "tests.mutation")),
    Step(("integrity",), ("-m", "bench.integrity"), {"DATABASE_URL": ""}),
    Step(("integrity-postgresql",), (*POSTGRESQL, "bench.integrity")),
    Step(("chaos",), ("-m", "tests.evidence.storms", "--seeds", "10")),
)


def main(arguments: list[str]) -> int:
    """Run what was asked for, then write the page; 1 when a promise was broken or a record is missing."""
    names = [part for step in STEPS for part in step.parts]
    parser = argparse.ArgumentParser(prog="python -m tests.evidence", description=__doc__)
    parser.add_argument("--only", action="append", choices=names, help="run only the proof that writes this part")
    parser.add_argument("--page", action="store_true", help="run nothing: write the page from the records there are")
    options = parser.parse_args(arguments)
    wanted = [step for step in STEPS if not options.only or set(step.parts) & set(options.only)]
    broken = [] if options.page else [step for step in wanted if not step.run()]
    missing = [part for part in names if not (FOLDER / f"{part}.json").exists()]
    there = [part for part in names if part not in missing]
    print(f"evidence: {page.draw_up(there, missing=missing).relative_to(ROOT)}")
    if missing:
        print(f"evidence: no record of {', '.join(missing)}; run without --only", file=sys.stderr)
    return 1 if broken or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
