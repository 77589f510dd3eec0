"""A run of a command that takes a file in, and what it said."""

from io import StringIO

from django.core.management import call_command


class Imported:
    """What one run said: its exit status, its summary, its remarks."""

    def __init__(self, *words: str, command: str = "import_members") -> None:
        out, err = StringIO(), StringIO()
        self.status = 0
        try:
            call_command(command, *words, stdout=out, stderr=err)
        except SystemExit as end:
            self.status = int(str(end.code))
        self.out, self.remarks = out.getvalue(), err.getvalue().splitlines()
        self.summary = self.out.splitlines()[-1] if self.out else ""

    @property
    def counts(self) -> dict[str, int]:
        parts = self.summary.partition("rows: ")[2].partition(" (dry")[0].split(", ")
        return {word: int(number) for number, word in (part.split() for part in parts) if number != "0"}
