from argparse import ArgumentTypeError
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from booking import timetable
from booking.models import TimetableRule
from boundary import studio_clock
from members.runs import CronCommand

WEEKS = 8
A_LONG_TIME = timedelta(days=730)


def day(text: str) -> date:
    """A day of the next two years; anything else is wrong usage."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a day, as 2027-01-31") from error
    today = studio_clock.today(timezone.now())
    if not today <= found <= today + A_LONG_TIME:
        raise ArgumentTypeError(f"{text!r} is not within two years from today")
    return found


class Command(CronCommand):
    help = """Puts the sessions of the timetable's rules into the schedule, up to a day. What is there stays as it is: a
session that was changed, called off or booked is never touched.

Examples:
  manage.py generate_sessions                       eight weeks from today (cron: every night)
  manage.py generate_sessions --until 2027-06-30
  manage.py generate_sessions --dry-run             only say how many (-v 2: which)

Exit status: 0 done; 1 some could not be written (they stay for the next run); 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until", type=day, help=f"the last day; {WEEKS} weeks from today when left out")
        parser.add_argument("--dry-run", action="store_true", help="change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        until = options["until"] or studio_clock.today(now) + timedelta(weeks=WEEKS)
        rules = list(TimetableRule.objects.select_related("session_type"))
        act = self._only_tell if options["dry_run"] else self._add
        added = act(rules, until=until, now=now, verbosity=options["verbosity"])
        told = " (dry run, nothing changed)" if options["dry_run"] else ""
        self.stdout.write(f"generate_sessions: {added} sessions added until {until} by {len(rules)} rules{told}")

    def _add(self, rules: list[TimetableRule], *, until: date, now: datetime, verbosity: int) -> int:
        added = 0
        for done, rule in enumerate(rules, 1):
            number = timetable.generate(rule, until=until, now=now)
            added += number
            self.show(f"{rule}: {number} added", done=done, total=len(rules), verbosity=verbosity)
        return added

    def _only_tell(self, rules: list[TimetableRule], *, until: date, now: datetime, verbosity: int) -> int:
        wanted = timetable.missing(rules, until=until, now=now)
        for session in wanted if verbosity >= 2 else ():
            self.stdout.write(str(session))
        return len(wanted)
