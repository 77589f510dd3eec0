from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from boundary import faults

BEFORE_STRIPE = datetime(2010, 1, 1, tzinfo=UTC)
A_YEAR_OF_MINUTES = 525_600


def positive(text: str) -> int:
    """A whole number from 1 on; anything else is wrong usage."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:10]) <= A_YEAR_OF_MINUTES and len(text) <= 10):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {A_YEAR_OF_MINUTES}")
    return int(text)


def seconds(text: str) -> int:
    """A whole number of seconds, up to an hour; anything else is wrong usage."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= 3600):
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds from 0 to 3600")
    return int(text)


def moment(text: str) -> datetime:
    """A moment in the past in ISO 8601, in UTC unless it says otherwise; a day is its first moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a moment in ISO 8601, as 2026-11-01 or 2026-11-01T08:00Z") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not BEFORE_STRIPE <= found <= timezone.now():
        raise ArgumentTypeError(f"{text!r} is not between {BEFORE_STRIPE:%Y-%m-%d} and now")
    return found


class OpsCommand(BaseCommand):
    """A command whose help keeps the lines of its examples, and which tells how far it is."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """A database that cannot serve is no crash: nothing half-done stays, and the next run does the rest."""
        try:
            return super().execute(*args, **options)
        except faults.UNAVAILABLE as error:
            self.stderr.write(f"The database could not serve: {str(error).strip()} Run the command again.")
            raise SystemExit(1) from error

    def show(self, line: str, *, done: int, total: int, verbosity: int) -> None:
        """What became of one row: a line of its own at verbosity 2, else a count on a terminal."""
        if verbosity >= 2:
            self.stdout.write(line)
        elif self.stdout.isatty():
            self.stderr.write(f"\r{done}/{total}", ending="\n" if done == total else "")
