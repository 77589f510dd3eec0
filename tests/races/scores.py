"""What each race has tried and found; with RACE_CLIENTS set it becomes a part of the page of evidence."""

from dataclasses import dataclass, field

from tests.evidence.record import Record, write
from tests.races.sizes import CLIENTS, ON_POSTGRESQL, PROCESSES

COLUMNS = ["race", "clients", "won", "refused", "seconds", "findings"]
BROKEN, UNBROKEN = "broken, as it must be", "not broken"


@dataclass
class Heat:
    """One race: how many clients started at one instant, what they were answered, how long it took."""

    race: str
    control: bool = False
    clients: int = 0
    won: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: int = 0

    def ran(self, clients: int, seconds: float) -> None:
        """Count a start of so many clients behind the barrier."""
        self.clients = max(self.clients, clients)
        self.seconds += seconds

    def heard(self, status: int) -> None:
        """Count an answer by its status."""
        if status < 400:
            self.won += 1
        else:
            self.refused += 1

    @property
    def row(self) -> list[object]:
        found = (BROKEN if self.findings == 0 else UNBROKEN) if self.control else self.findings
        return [self.race, self.clients, self.won, self.refused, round(self.seconds, 2), found]


@dataclass
class Scores:
    """All races of this run, and the one that is on."""

    heats: list[Heat] = field(default_factory=list)
    present: Heat = field(default_factory=lambda: Heat("none"))

    def begin(self, test: str, *, control: bool) -> Heat:
        """The race of this test is on; the same test again is another race."""
        self.present = Heat(test.removeprefix("test_").replace("_", " "), control)
        self.heats.append(self.present)
        return self.present

    def write(self, seconds: float) -> None:
        """Hand the evidence over."""
        races = [heat for heat in self.heats if not heat.control]
        controls = [heat for heat in self.heats if heat.control]
        where = "PostgreSQL" if ON_POSTGRESQL else "SQLite"
        size = CLIENTS if ON_POSTGRESQL else "sqlite"
        write(
            Record(
                part=f"races-{size}",
                title=f"Races of {CLIENTS} clients on {where}",
                tried=f"{len(races)} races over {PROCESSES} real server processes on {where}, every client behind one "
                "barrier, the laws checked after each; and the same program without one of its guards in "
                f"{len(controls)} negative controls, each of which has to break its promise.",
                command=f"RACE_CLIENTS={CLIENTS} python -m tests.postgresql pytest tests/races"
                if ON_POSTGRESQL
                else f"RACE_CLIENTS={CLIENTS} pytest tests/races",
                count=len(self.heats),
                unit="races and negative controls",
                findings=sum(heat.findings for heat in self.heats),
                seconds=round(seconds, 1),
                columns=COLUMNS,
                rows=[heat.row for heat in (*races, *controls)],
            )
        )


scores = Scores()
