"""One report as staff read it, and a table of it as a file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO

from django.utils.safestring import SafeString

from payments.currencies import written

Cell = str | int | Decimal
# What a spreadsheet would take for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True)
class Table:
    """Figures under their names. `name` is that of its file; the file has the same cells as the page."""

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def as_csv(self) -> str:
        """The table as RFC 4180 has it; no cell of it can be taken for a formula."""
        text = StringIO()
        lines = csv.writer(text)
        lines.writerows([[_harmless(cell) for cell in row] for row in (self.columns, *self.rows)])
        return text.getvalue()


@dataclass(frozen=True)
class Sheet:
    """A report: its title, in a sentence or two what is counted, plots, tables, and what they come to."""

    title: str
    says: str
    plots: Sequence[SafeString]
    tables: Sequence[Table]
    answer: str = ""


def percent(part: int, whole: int) -> Decimal:
    """A share with one decimal; 0 of nothing."""
    return (Decimal(100 * part) / whole if whole else Decimal(0)).quantize(Decimal("0.1"))


def major(amount: int, currency: str) -> Decimal:
    """Minor units as people write them: 1500 of gbp is 15.00."""
    return Decimal(written(abs(amount), currency).split()[0]) * (1 if amount >= 0 else -1)


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
