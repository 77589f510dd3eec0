"""A command that takes a CSV file in: what it reads, how it reports, and when it is done."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any

from django.core.management.base import CommandParser
from rest_framework.exceptions import ValidationError

from boundary import sheets
from boundary.command import OpsCommand
from boundary.sheets import BadSheet, Row, Sheet

BATCH = 200


class Fate(StrEnum):
    """What became of a row; one that differs from what is there was left as it is there."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DIFFERING = "differing"
    REFUSED = "refused"


@dataclass
class Verdict:
    """What became of one row, and what people should know of it."""

    row: Row
    fate: Fate
    remarks: list[str] = field(default_factory=list)


Take = Callable[[list[Row]], list[Verdict]]


def told(error: ValidationError) -> list[str]:
    """The reasons of a refusal as lines for people, each with its column."""
    assert isinstance(error.detail, dict)
    several = {name: found if isinstance(found, list) else [found] for name, found in error.detail.items()}
    return [f"{name}: {reason}" for name, reasons in several.items() for reason in reasons]


class ImportCommand(OpsCommand):
    """Takes a sheet in batch by batch; a row that is refused changes nothing and stops no other."""

    columns: tuple[str, ...] = ()
    required: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a CSV file in UTF-8 whose first line names the columns; - is standard input")
        parser.add_argument("--dry-run", action="store_true", help="change nothing, and report the same")
        parser.add_argument(
            "--update", action="store_true", help="where a row differs from what is there, take the row's"
        )

    def taking(self, *, update: bool, dry_run: bool) -> Take:
        """What decides on a batch of rows and writes it."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        name = type(self).__module__.rpartition(".")[2]
        take = self.taking(update=options["update"], dry_run=options["dry_run"])
        try:
            total = sheets.lines_in(options["file"]) if self.stdout.isatty() else 0
            with sheets.opened(options["file"]) as source:
                sheet = Sheet(source, columns=self.columns, required=self.required)
                counts = self._take(iter(sheet), take, total=total, verbosity=options["verbosity"])
        except BadSheet as error:
            self.stderr.write(f"{name}: {error}")
            raise SystemExit(2) from error
        told = ", ".join(f"{counts[fate]} {fate}" for fate in Fate)
        dry = " (dry run, nothing changed)" if options["dry_run"] else ""
        self.stdout.write(f"{name}: {counts.total()} rows: {told}{dry}")
        if counts[Fate.REFUSED]:
            raise SystemExit(1)

    def _take(self, rows: Iterator[Row], take: Take, *, total: int, verbosity: int) -> Counter[Fate]:
        counts: Counter[Fate] = Counter()
        while batch := list(islice(rows, BATCH)):
            unread = [Verdict(row, Fate.REFUSED, [row.problem]) for row in batch if row.problem]
            verdicts = unread + take([row for row in batch if not row.problem])
            for verdict in sorted(verdicts, key=lambda verdict: verdict.row.line):
                counts[verdict.fate] += 1
                for remark in verdict.remarks:
                    self.stderr.write(f"line {verdict.row.line}: {remark}")
                if verbosity >= 2:
                    self.stdout.write(f"line {verdict.row.line}: {verdict.fate}")
            if total and verbosity < 2:
                self.show("", done=batch[-1].last_line, total=max(total, batch[-1].last_line), verbosity=verbosity)
        return counts
