from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from booking import expiry, waitlist
from booking.expiry import Fate
from booking.models import Booking
from boundary.command import OpsCommand, positive

BATCH = 200
SILENCES = 5


class Command(OpsCommand):
    help = """Releases stale holds: voids their payments at Stripe first, frees their seats second. Stale is as well
whatever holds a seat of a session that has begun or was cancelled. The seat of an offer that lapsed goes to the next
in line, and so does any other seat that is free while somebody waits for it.

Examples:
  manage.py expire_pending_bookings                 every hold past its expiry (cron: every minute)
  manage.py expire_pending_bookings --minutes 30    every card hold older than half an hour
  manage.py expire_pending_bookings --dry-run       only say how many (-v 2: which)

Exit status: 0 done; 1 some holds could not be ended (they stay for the next run); 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=positive, help="every card hold older than this, whatever its expiry")
        parser.add_argument("--limit", type=positive, help="end at most this many")
        parser.add_argument("--dry-run", action="store_true", help="change nothing and call nobody")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        created_before = now - timedelta(minutes=options["minutes"]) if options["minutes"] else None
        holds = expiry.stale(now=now, created_before=created_before)
        ids = list(holds.values_list("pk", flat=True)[: options["limit"]])
        if options["dry_run"]:
            if options["verbosity"] >= 2:
                for reference in holds.filter(pk__in=ids).values_list("reference", flat=True):
                    self.stdout.write(reference)
            self.stdout.write(f"expire_pending_bookings: {len(ids)} stale (dry run, nothing changed)")
            return
        counts = self._end(holds, ids, options["verbosity"])
        offered = sum(waitlist.fill(session, now=timezone.now()) for session in waitlist.neglected(now=now)[:BATCH])
        unfinished = counts[Fate.UNFINISHED] + counts[Fate.SILENT]
        self.stdout.write(
            f"expire_pending_bookings: {len(ids)} stale, {counts[Fate.FREED]} freed, "
            f"{counts[Fate.PAID]} paid after all, {counts[Fate.KEPT]} still processing, {unfinished} unfinished"
            + (f"; {offered} free seats offered to who waits" if offered else "")
        )
        if unfinished:
            raise SystemExit(1)

    def _end(self, holds: QuerySet[Booking], ids: list[int], verbosity: int) -> Counter[Fate]:
        """End them one by one; stop when Stripe is plainly silent, for the next run is already on its way."""
        counts: Counter[Fate] = Counter()
        silences = 0
        for start in range(0, len(ids), BATCH):
            for booking in holds.filter(pk__in=ids[start : start + BATCH]):
                fate = expiry.expire(booking, now=timezone.now())
                counts[fate] += 1
                self.show(f"{booking.reference} {fate}", done=sum(counts.values()), total=len(ids), verbosity=verbosity)
                silences = silences + 1 if fate == Fate.SILENT else 0
                if silences == SILENCES:
                    counts[Fate.UNFINISHED] += len(ids) - sum(counts.values())
                    return counts
        return counts
