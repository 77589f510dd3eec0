from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from booking import expiry, session_cancellation, waitlist
from booking.expiry import Fate
from booking.expiry_run import ExpiryRun
from boundary.command import positive
from members.runs import CronCommand
from payments import purchases

WORKERS = 8
MOST_WORKERS = 16
# Sessions whose free seats are offered in one run; the next goes on.
NEGLECTED = 200


class Command(CronCommand):
    help = """Releases stale holds: voids their payments at Stripe first, frees their seats second. Stale is as well
whatever holds a seat of a session that has begun or was cancelled. The seat of an offer that lapsed goes to the next
in line, and so does any other seat that is free while somebody waits for it. Purchases of packs that nobody paid end
likewise. What was paid for a session that was cancelled is returned, where a crash has stopped that halfway.

Examples:
  manage.py expire_pending_bookings                 every hold past its expiry (cron: every minute)
  manage.py expire_pending_bookings --minutes 30    every card hold older than half an hour
  manage.py expire_pending_bookings --dry-run       only say how many (-v 2: which)

Exit status: 0 done; 1 some holds could not be ended (they stay for the next run); 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=positive, help="every card hold older than this, whatever its expiry")
        parser.add_argument("--limit", type=positive, help="end at most this many")
        parser.add_argument(
            "--workers",
            type=int,
            choices=range(1, MOST_WORKERS + 1),
            metavar="N",
            default=WORKERS,
            help=f"end N at a time, {MOST_WORKERS} at most (default: {WORKERS})",
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing and call nobody")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        created_before = now - timedelta(minutes=options["minutes"]) if options["minutes"] else None
        holds = expiry.stale(now=now, created_before=created_before)
        unpaid = purchases.stale(now=now, created_before=created_before)
        ids = list(holds.values_list("pk", flat=True)[: options["limit"]])
        left = options["limit"] - len(ids) if options["limit"] else None
        unpaid_ids = list(unpaid.values_list("pk", flat=True)[:left])
        if options["dry_run"]:
            self._only_tell((holds, ids), (unpaid, unpaid_ids), verbosity=options["verbosity"])
            return
        run, verbosity = ExpiryRun(created_before=created_before, workers=options["workers"]), options["verbosity"]
        counts = self._count(run.end(holds, ids), len(ids), verbosity)
        of_packs = self._count(run.end(unpaid, unpaid_ids), len(unpaid_ids), verbosity)
        ended, kept = session_cancellation.finish(by=expiry.BY, now=timezone.now())
        offered = sum(waitlist.fill(session, now=timezone.now()) for session in waitlist.neglected(now=now)[:NEGLECTED])
        more = f"; purchases: {_told(len(unpaid_ids), of_packs)}" if unpaid_ids else ""
        more += f"; {ended} bookings of cancelled sessions ended, {kept} unfinished" if ended or kept else ""
        more += f"; {offered} free seats offered to who waits" if offered else ""
        self.stdout.write(f"expire_pending_bookings: {_told(len(ids), counts)}{more}")
        if _unfinished(counts + of_packs) or kept:
            raise SystemExit(1)

    def _only_tell(self, *stale: tuple[QuerySet[Any], list[int]], verbosity: int) -> None:
        left = session_cancellation.unfinished()
        left_ids = list(left.values_list("pk", flat=True))
        if verbosity >= 2:
            for rows, ids in (*stale, (left, left_ids)):
                for reference in rows.filter(pk__in=ids).values_list("reference", flat=True):
                    self.stdout.write(reference)
        holds, unpaid = (len(ids) for _, ids in stale)
        more = f"; {unpaid} stale purchases" if unpaid else ""
        more += f"; {len(left_ids)} bookings of cancelled sessions" if left_ids else ""
        self.stdout.write(f"expire_pending_bookings: {holds} stale (dry run, nothing changed){more}")

    def _count(self, ended: Iterable[tuple[object, Fate]], stale: int, verbosity: int) -> Counter[Fate]:
        counts: Counter[Fate] = Counter()
        for reference, fate in ended:
            counts[fate] += 1
            self.show(f"{reference} {fate}", done=counts.total(), total=stale, verbosity=verbosity)
        return counts


def _told(stale: int, counts: Counter[Fate]) -> str:
    return (
        f"{stale} stale, {counts[Fate.FREED]} freed, {counts[Fate.PAID]} paid after all, "
        f"{counts[Fate.KEPT]} still processing, {_unfinished(counts)} unfinished"
    )


def _unfinished(counts: Counter[Fate]) -> int:
    return counts[Fate.UNFINISHED] + counts[Fate.SILENT]
