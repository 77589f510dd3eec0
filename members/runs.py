"""What commands leave behind: when each of them last ended, so that it can be seen whether cron is alive."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from boundary.command import OpsCommand
from members.models import CommandRun

logger = logging.getLogger(__name__)
A_MINUTE = timedelta(minutes=1)


def note(command: str, *, done: bool, now: datetime) -> None:
    """Write that a command has ended, with everything done or with something left. Never the reason for it to fail."""
    run = CommandRun(command=command, ended_at=now, done=done)
    try:
        CommandRun.objects.bulk_create(
            [run], update_conflicts=True, unique_fields=["command"], update_fields=["ended_at", "done"]
        )
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The run of %s could not be noted: %s", command, error)


def take_turn(command: str) -> None:
    """In the caller's transaction: of several runs of a command at once, the others wait here until it ends."""
    CommandRun.objects.bulk_create([CommandRun(command=command)], ignore_conflicts=True)
    list(CommandRun.objects.select_for_update(no_key=True).filter(command=command).values_list("pk"))


class CronCommand(OpsCommand):
    """A command that cron runs: it leaves behind when it last came to its end."""

    _noted_at: datetime | None = None

    def execute(self, *args: Any, **options: Any) -> str | None:
        output, status = None, 0
        try:
            output = super().execute(*args, **options)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        if status in (0, 1) and not options.get("dry_run"):
            self.note(done=not status, now=timezone.now())
        if status:
            raise SystemExit(status)
        return output

    def alive(self) -> None:
        """Leave a sign of life, once a minute at most: for one that stays."""
        now = timezone.now()
        if self._noted_at is None or now - self._noted_at >= A_MINUTE:
            self.note(done=True, now=now)

    def note(self, *, done: bool, now: datetime) -> None:
        """Leave behind that it has come so far."""
        self._noted_at = now
        note(type(self).__module__.rpartition(".")[2], done=done, now=now)
