import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from booking import integrity
from booking.integrity import Verdict
from members.runs import CronCommand


class Command(CronCommand):
    help = """Holds the database against the laws of the house, on one snapshot; changes nothing.

Examples:
  manage.py check_integrity           how many findings, law by law
  manage.py check_integrity -v 2      and the first twenty of each
  manage.py check_integrity --json    the same for machines

Exit status: 0 clean; 1 findings; 2 could not check."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON document instead")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            missing = integrity.missing_migrations()
            verdicts = [] if missing else list(integrity.check(now=timezone.now()))
        except (DatabaseError, InterfaceError) as error:
            self.stderr.write(f"check_integrity: the database could not be read: {error}")
            raise SystemExit(2) from error
        if missing:
            self.stderr.write(f"check_integrity: the database lacks {missing} migrations; run manage.py migrate")
            raise SystemExit(2)
        broken = [verdict for verdict in verdicts if verdict.count]
        if options["json"]:
            self.stdout.write(json.dumps({"clean": not broken, "laws": [asdict(verdict) for verdict in verdicts]}))
        else:
            self._tell(verdicts, broken, options["verbosity"])
        if broken:
            raise SystemExit(1)

    def _tell(self, verdicts: list[Verdict], broken: list[Verdict], verbosity: int) -> None:
        if verbosity >= 2:
            for verdict in verdicts:
                self.stdout.write(f"{verdict.name}: {verdict.count} · {verdict.sentence}")
                for subject, what in verdict.examples:
                    self.stdout.write(f"  {subject}: {what}")
        findings = ", ".join(f"{verdict.name} {verdict.count}" for verdict in broken)
        found = sum(verdict.count for verdict in broken)
        self.stdout.write(
            f"check_integrity: {len(verdicts)} laws, {found} findings{f' ({findings})' if findings else ''}"
        )
