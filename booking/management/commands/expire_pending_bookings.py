from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from booking import expiry, session_cancellation, waitlist
from booking.expiry import Fate
from booking.models import Booking
from boundary import parallel
from boundary.command import positive
from boundary.parallel import Pace
from members.runs import CronCommand
from payments import purchases
from payments.models import PackPurchase

BATCH = 200
SILENCES = 5
WORKERS = 8
MOST_WORKERS = 16
# Stripe takes 25 calls of an endpoint in a second; some are left to the members who cancel meanwhile.
CANCELS_PER_SECOND = 20


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
        counts = self._end(holds, ids, options)
        of_packs = self._end(unpaid, unpaid_ids, options)
        ended, kept = session_cancellation.finish(by=expiry.BY, now=timezone.now())
        offered = sum(waitlist.fill(session, now=timezone.now()) for session in waitlist.neglected(now=now)[:BATCH])
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

    def _end(self, holds: QuerySet[Booking] | QuerySet[PackPurchase], ids: list[int], options: Any) -> Counter[Fate]:
        """End them, several at a time; ask no more when Stripe is plainly silent, for the next run is on its way."""
        counts: Counter[Fate] = Counter()
        silences, pace = 0, Pace(CANCELS_PER_SECOND)

        def end(order: Booking | PackPurchase) -> Fate:
            nonlocal silences
            if order.payment_id is None:  # an offer needs no word of Stripe's
                return expiry.expire(order, now=timezone.now())
            if silences >= SILENCES:
                return Fate.UNFINISHED
            pace.wait()
            fate = expiry.expire(order, now=timezone.now())
            silences = silences + 1 if fate == Fate.SILENT else 0
            return fate

        for start in range(0, len(ids), BATCH):
            orders: list[Booking | PackPurchase] = list(holds.filter(pk__in=ids[start : start + BATCH]))
            for order, fate in parallel.each(end, orders, workers=options["workers"]):
                counts[fate] += 1
                done, verbosity = sum(counts.values()), options["verbosity"]
                self.show(f"{order.reference} {fate}", done=done, total=len(ids), verbosity=verbosity)
        return counts


def _told(stale: int, counts: Counter[Fate]) -> str:
    return (
        f"{stale} stale, {counts[Fate.FREED]} freed, {counts[Fate.PAID]} paid after all, "
        f"{counts[Fate.KEPT]} still processing, {_unfinished(counts)} unfinished"
    )


def _unfinished(counts: Counter[Fate]) -> int:
    return counts[Fate.UNFINISHED] + counts[Fate.SILENT]
