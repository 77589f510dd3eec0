"""What one proof has tried and found, written down for the page that `make evidence` makes of all of them."""

import json
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[2]
# Kept with the page, so that one proof can be shown anew without all of the others.
FOLDER = ROOT / "docs" / "evidence"


@dataclass(frozen=True)
class Plot:
    """One picture: a line or a bar for each series over the same x."""

    name: str
    title: str
    x_label: str
    y_label: str
    x: list[Any]
    series: dict[str, list[float]]
    kind: Literal["line", "bar"] = "line"


@dataclass(frozen=True)
class Record:
    """One proof's part of the page. Every figure in it was counted or measured by the run that wrote it."""

    part: str
    title: str
    tried: str  # one or two sentences: what was done, against what, how often
    command: str  # what anybody can run to see the same
    count: int  # how many were tried: races, boundaries, examples, mutants …
    unit: str
    findings: int  # how many of them broke a promise
    seconds: float
    columns: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)


def write(record: Record) -> Path:
    """Write the record where `tests.evidence` looks for it; a later run of the same part replaces it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{record.part}.json"
    path.write_text(json.dumps(asdict(record) | now_and_commit(), indent=1))
    return path


def now_and_commit() -> dict[str, str]:
    """When and of what a record is made; what the proofs themselves write into docs/ makes no other program of it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    made = f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M}"
    return {"made": made, "commit": f"{commit}-dirty" if changed else commit}


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
