"""What became of the mutants: counted by file, the survivors held against `docs/mutation.md`, all of it told."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant

from tests.evidence.record import Record, write

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "mutation.md"
SURVIVORS = ROOT / ".run" / "mutation" / "survivors.txt"
FIGURES = re.compile(r"(<!-- figures: python -m tests\.mutation -->\n).*?(<!-- end -->)", re.DOTALL)
ENOUGH = 0.9
COLUMNS = ["File", "Mutants", "Killed", "Share"]
# Only a test that failed, or that ran into the limit of its time, has killed a mutant. mutmut itself counts a run that
# broke before any test as a timeout.
KILLED, TIMEOUT, SURVIVED, UNTESTED = 1, -24, 0, 33


@dataclass(frozen=True)
class Mutant:
    """One small fault, and how the tests took it."""

    name: str
    file: str
    exit_code: int | None

    @property
    def killed(self) -> bool:
        return self.exit_code in (KILLED, TIMEOUT)

    @property
    def survived(self) -> bool:
        return self.exit_code in (SURVIVED, UNTESTED)

    @property
    def function(self) -> str:
        """As people write it: `booking.seats.take`."""
        module, _, mangled = self.name.partition(".x_")
        return f"{module}.{mangled.partition('__mutmut_')[0]}"

    def change(self) -> str:
        """The lines that the fault changes, before and after."""
        diff = get_diff_for_mutant(self.name, path=self.file).splitlines()
        return "\n".join(line for line in diff if re.match(r"[-+](?![-+]{2} )", line))


def read() -> list[Mutant]:
    """Every mutant of the last run, in the order of the files."""
    files = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]["only_mutate"]
    found = []
    for file in files:
        data = SourceFileMutationData(path=file)
        data.load()
        found += [Mutant(name, file, exit_code) for name, exit_code in data.exit_code_by_key.items()]
    return found


def to_try_again() -> list[str]:
    """The mutants that were neither killed nor are explained as they stand."""
    document = DOCUMENT.read_text()
    return [mutant.name for mutant in read() if not mutant.killed and not _is_named(mutant, document)]


def tell(mutants: Sequence[Mutant], *, seconds: float) -> int:
    """Print the figures and write them where they belong; 1 when they are not good enough."""
    rows = _rows(mutants)
    for row in [COLUMNS, *rows]:
        print("{:<24}{:>9}{:>9}{:>10}".format(*row))
    document = DOCUMENT.read_text()
    alive = [mutant for mutant in mutants if mutant.survived]
    unexplained = _write_survivors(alive, document)
    unanswered = [mutant for mutant in mutants if not mutant.killed and not mutant.survived]
    for mutant in unanswered[:10]:
        print(f"no answer ({mutant.exit_code}): {mutant.name}")
    killed = sum(mutant.killed for mutant in mutants)
    timeouts = sum(mutant.exit_code == TIMEOUT for mutant in mutants)
    print(f"killed {killed} of {len(mutants)}, {timeouts} of them by the clock; {len(alive)} survived,", end=" ")
    print(f"{unexplained} of them unexplained; {len(unanswered)} gave no answer: {SURVIVORS.relative_to(ROOT)}")
    if unanswered or not mutants:
        return 1
    DOCUMENT.write_text(FIGURES.sub(lambda found: found[1] + _table(rows) + found[2], document))
    write(_record(mutants, rows, unexplained, seconds))
    return 0 if killed >= ENOUGH * len(mutants) and not unexplained else 1


def _rows(mutants: Sequence[Mutant]) -> list[list[str]]:
    rows = []
    for name in [*dict.fromkeys(mutant.file for mutant in mutants), "all"]:
        here = [mutant for mutant in mutants if name in (mutant.file, "all")]
        killed = sum(mutant.killed for mutant in here)
        rows.append([name, str(len(here)), str(killed), f"{killed / max(len(here), 1):.1%}"])
    return rows


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [COLUMNS, ["---", "---:", "---:", "---:"], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _write_survivors(alive: Sequence[Mutant], document: str) -> int:
    """List the survivors with their changes; the number of those that the document does not name."""
    unexplained = 0
    with SURVIVORS.open("w") as file:
        for mutant in alive:
            explained = _is_named(mutant, document)
            unexplained += not explained
            mark = "" if explained else " (not explained)"
            file.write(f"{mutant.name}{mark}\n{mutant.change()}\n\n")
    return unexplained


def _is_named(mutant: Mutant, document: str) -> bool:
    return mutant.survived and is_explained(mutant.function, mutant.change(), document)


def is_explained(function: str, change: str, document: str) -> bool:
    """Whether the document names the function at the head of a list, and in that list what the fault does to it."""
    here = False
    for line in document.splitlines():
        if not line.startswith(" "):
            here = line.startswith(f"- `{function}`")
        elif here and line.strip() == f"- `{in_words(change)}`":
            return True
    return False


def in_words(change: str) -> str:
    """The lines that a fault puts there, as one; or what it leaves out."""
    put, taken = (
        " ".join(line[1:].strip() for line in change.splitlines() if line.startswith(sign)) for sign in ("+", "-")
    )
    return put or f"without {taken}"


def _record(mutants: Sequence[Mutant], rows: list[list[str]], unexplained: int, seconds: float) -> Record:
    return Record(
        part="mutation",
        title="Faults put into the code that moves seats and money",
        tried=(
            "mutmut changed this code in one small way at a time, and the tests of booking and payments ran against "
            "each of these mutants until one of them failed."
        ),
        command="make mutation",
        count=len(mutants),
        unit="mutants",
        findings=unexplained,
        seconds=round(seconds, 1),
        columns=COLUMNS,
        rows=[list(row) for row in rows],
    )
