"""What the tests of a run have counted, handed to the end of it: printed, and at the large size written down."""

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from tests.evidence.record import Record, write
from tests.faults import sizes

NAME = "faults"


@dataclass
class Line:
    """One row of one part."""

    part: str
    row: list[Any]
    count: int
    findings: int
    seconds: float


@dataclass(frozen=True)
class Part:
    title: str
    tried: str
    unit: str
    columns: list[str] = field(default_factory=list)


PARTS = {
    "faults-kills": Part(
        "Killed at every boundary",
        "The process is killed before and after each statement, each call of a vendor and each answer of every flow, "
        "found by counting them first; then clients, Stripe and cron do what they would do, and all promises are held "
        "against the database, Stripe's books and the phones.",
        "kills",
        ["flow", "boundaries counted", "kills tried", "findings", "seconds"],
    ),
    "faults-database": Part(
        "Let down by the database",
        "At each statement of a request PostgreSQL answers with a real error, or the connection is lost before or "
        "after it; the answer is success or 503, and the same request finds the truth afterwards.",
        "faults",
        ["flow", "statements counted", "faults tried", "answered with success", "answered 503", "findings", "seconds"],
    ),
    "faults-restart": Part(
        "PostgreSQL restarted under load",
        "PostgreSQL is restarted in immediate mode while clients book; nothing acknowledged is lost.",
        "acknowledged bookings",
        ["clients", "acknowledged before", "acknowledged after", "lost", "seconds from restart to first booking",
         "seconds from accepting connections to first booking"],
    ),
}  # fmt: skip


def keep(request: pytest.FixtureRequest, line: Line) -> None:
    """Hand a line to the end of the run; with several workers it travels with the test's report."""
    request.node.user_properties.append((NAME, asdict(line)))


def tell(reporter: Any) -> None:
    """Print every part; write its record when everything was tried."""
    reports = [one for kind in ("passed", "failed") for one in reporter.stats.get(kind, []) if one.when == "call"]
    lines = [Line(**kept) for one in reports for name, kept in one.user_properties if name == NAME]
    for part, about in PARTS.items():
        mine = [line for line in lines if line.part == part]
        if not mine:
            continue
        reporter.section(part)
        reporter.write_line(" | ".join(about.columns))
        for line in mine:
            reporter.write_line(" | ".join(map(str, line.row)))
        record = _record(part, about, mine)
        reporter.write_line(f"{record.count} {record.unit}, {record.findings} findings, {record.seconds:.0f} s")
        if sizes.ALL:
            reporter.write_line(f"written to {write(record)}")


def _record(part: str, about: Part, lines: list[Line]) -> Record:
    return Record(
        part=part,
        title=about.title,
        tried=about.tried,
        command=sizes.COMMAND,
        count=sum(line.count for line in lines),
        unit=about.unit,
        findings=sum(line.findings for line in lines),
        seconds=round(sum(line.seconds for line in lines), 1),
        columns=about.columns,
        rows=[line.row for line in lines],
    )
