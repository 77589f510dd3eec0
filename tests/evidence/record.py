"""What one proof has tried and found, written down for the page that `make evidence` makes of all of them."""

import json
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".run" / "evidence"


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
    made = {"made": f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M}", "commit": _commit()}
    path.write_text(json.dumps(asdict(record) | made, indent=1))
    return path


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return told.stdout.strip()
