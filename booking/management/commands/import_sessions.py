from booking.session_import import SessionImport
from booking.session_row import COLUMNS, REQUIRED
from boundary.importing import ImportCommand, Take


class Command(ImportCommand):
    help = """Takes sessions in from a CSV file. A session is known by its title, its start and its place.

A file may be taken in again: what is there is left as it is. Times without an offset are by the studio's clock,
amounts are in minor units. The columns stand in docs/importing.md.

Examples:
  manage.py import_sessions autumn.csv --dry-run    report only
  manage.py import_sessions autumn.csv              and -v 2 tells of every row
  manage.py import_sessions autumn.csv --update     where a session differs, take the file's

Exit status: 0 done; 1 some rows were refused (the others are in); 2 wrong usage, or no row could be read."""

    columns = COLUMNS
    required = REQUIRED

    def taking(self, *, update: bool, dry_run: bool) -> Take:
        return SessionImport(update=update, dry_run=dry_run).take
