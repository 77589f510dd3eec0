from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from booking import reminders
from members.runs import CronCommand


class Command(CronCommand):
    help = """Reminds members of what they have booked, REMINDER_HOURS before it begins: once for each paid booking, and
not within an hour of the booking itself. The messages are owed; deliver_messages sends them.

Examples:
  manage.py send_reminders              everyone who is due (cron: every ten minutes)
  manage.py send_reminders --dry-run    only say how many (-v 2: which)

Exit status: 0 done; 1 some could not be written (they stay for the next run); 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing and call nobody")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not settings.REMINDER_HOURS:
            self.stdout.write("send_reminders: off (REMINDER_HOURS is 0)")
            return
        due = reminders.due(now=now)
        if options["dry_run"]:
            if options["verbosity"] >= 2:
                for reference in due.values_list("reference", flat=True).iterator():
                    self.stdout.write(reference)
            self.stdout.write(f"send_reminders: {due.count()} due (dry run, nothing changed)")
            return
        total, done = due.count(), 0
        while owed := reminders.remind(now=now):
            done += owed
            self.show(f"{owed} owed", done=min(done, total), total=total, verbosity=options["verbosity"])
        self.stdout.write(f"send_reminders: {done} owed")
