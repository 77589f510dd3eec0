from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from boundary import faults

A_YEAR_OF_MINUTES = 525_600


def positive(text: str) -> int:
    """A whole number from 1 on; anything else is wrong usage."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:10]) <= A_YEAR_OF_MINUTES and len(text) <= 10):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {A_YEAR_OF_MINUTES}")
    return int(text)


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
