from boundary.importing import ImportCommand, Take
from payments.member_import import MemberImport
from payments.member_row import COLUMNS, REQUIRED


class Command(ImportCommand):
    help = """Takes members in from a CSV file: who they are, and an opening balance of credits. Known by their e-mail.

A file may be taken in again: what is there is left as it is, and no balance is granted twice. The columns stand in
docs/importing.md; every one but email may be missing.

Examples:
  manage.py import_members members.csv --dry-run    report only
  manage.py import_members members.csv              and -v 2 tells of every row
  manage.py import_members members.csv --update     where a name or phone differs, take the file's
  export-of-the-old-system | manage.py import_members -

Exit status: 0 done; 1 some rows were refused (the others are in); 2 wrong usage, or no row could be read."""

    columns = COLUMNS
    required = REQUIRED

    def taking(self, *, update: bool, dry_run: bool) -> Take:
        return MemberImport(update=update, dry_run=dry_run).take
