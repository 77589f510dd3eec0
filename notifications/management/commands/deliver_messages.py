import logging
import time
from collections import Counter
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils import timezone

from members.runs import CronCommand
from notifications import delivery, fallback
from notifications.models import Message

logger = logging.getLogger(__name__)
BATCH = 500
PAUSE_SECONDS = 2
UNFINISHED = (Message.Status.QUEUED, Message.Status.UNKNOWN, fallback.LATER)


class Due(Protocol):
    def __call__(self, *, now: datetime, limit: int) -> list[UUID]: ...


class Deliver(Protocol):
    def __call__(self, message_id: UUID, /, *, now: datetime) -> str: ...


class Command(CronCommand):
    help = """Sends what is due in the outbox: by WhatsApp, and by e-mail what WhatsApp could not bring.

Examples:
  manage.py deliver_messages            send what is due and end (cron: every minute)
  manage.py deliver_messages --watch    stay, and look again every two seconds

Exit status: 0 done; 1 some messages could not be sent yet (they stay for the next run); 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="keep running until interrupted")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = self._send_due(options["verbosity"])
        while options["watch"]:
            try:
                time.sleep(PAUSE_SECONDS)
                counts += self._send_due(options["verbosity"])
                self.alive()
            except KeyboardInterrupt:
                break
        summary = ", ".join(f"{status} {count}" for status, count in sorted(counts.items())) or "nothing due"
        self.stdout.write(f"deliver_messages: {summary}")
        if any(counts[status] for status in UNFINISHED):
            raise SystemExit(1)

    def _send_due(self, verbosity: int) -> Counter[str]:
        by_whatsapp = self._each(delivery.due, delivery.deliver, Message.Status.UNKNOWN, verbosity)
        return by_whatsapp + self._each(fallback.due, fallback.deliver, fallback.NONE, verbosity)

    def _each(self, due: Due, deliver: Deliver, broken: str, verbosity: int) -> Counter[str]:
        counts: Counter[str] = Counter()
        while ids := due(now=timezone.now(), limit=BATCH):
            for message_id in ids:
                try:
                    status = deliver(message_id, now=timezone.now())
                except Exception:
                    # One poisoned message must not keep the others back. By WhatsApp its claim ages out and it is tried
                    # again; by e-mail it is left at that.
                    logger.exception("The message %s could not be handled", message_id)
                    status = broken
                counts[status or "taken by another sender"] += 1
                if verbosity >= 2:
                    self.stdout.write(f"{message_id} {status}")
        return counts
