"""How long the page of reports takes for a studio of ten thousand, a hundred thousand and a million bookings.

    python -m bench.reports [--bookings 1000000]
    python -m tests.postgresql bench.reports

Without DATABASE_URL it fills a file of SQLite under .run/. The page is asked for as a browser does, by staff who may
see it; each range several times, and the middle one counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import timedelta

from bench.prepared import start_afresh

# isort: split
# What needs Django to be set up, which the line above does.
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from bench import integrity, processor
from booking.models import Booking, SessionType
from members.models import Member

PAGE = "/admin/reports/"
KINDS = 6
RANGES = ("month", "90-days", "year")
ONE_KIND, TWO_YEARS = f"year of one kind in {KINDS}", "two years"
TIMES = 5

# What the studio of the other benchmark does not have: kinds of sessions, payments that take their time, members who
# are checked in, packs, and a waitlist. By arithmetic on the row's own number, so that it is the same each time.
MORE = (
    """INSERT INTO booking_sessiontype (id, name, description, minutes, capacity, amount, currency, credits_required,
        cancellation_tiers) SELECT pk, 'Kind ' || pk, '', 60, 20, 1500, 'gbp', 1, ''
        FROM (SELECT DISTINCT id % {kinds} + 1 AS pk FROM booking_classsession) kinds
        WHERE pk NOT IN (SELECT id FROM booking_sessiontype)""",
    "UPDATE booking_classsession SET session_type_id = id % {kinds} + 1 WHERE session_type_id IS NULL",
    """UPDATE booking_booking SET paid_at = CASE WHEN paid_with = 'card' THEN {paid_at} ELSE paid_at END,
        checked_in_at = CASE WHEN id % 8 <> 0 AND session_id IN
            (SELECT id FROM booking_classsession WHERE starts_at < CURRENT_TIMESTAMP) THEN paid_at END
        WHERE id > {first} AND status = 'paid'""",
    """INSERT INTO booking_waitlistentry (member_id, session_id, joined_at, offer_id)
        SELECT member_id, session_id, created_at, CASE WHEN status = 'paid' AND id % 3 > 0 THEN id END
        FROM booking_booking WHERE id > {first} AND id % 40 = 7 AND paid_with <> 'card'""",
    "UPDATE payments_payment SET subject = 'purchase:' || id WHERE id > {first} AND id % 20 = 0 AND status = 'paid'",
    """UPDATE payments_creditlot SET expires_at = {expires_at} WHERE expires_at IS NULL AND id % 10 <> 0""",
)
# SQLite's moments are texts, which would compare with another form of the same moment as texts do.
OWN = {
    "postgresql": {
        "paid_at": "created_at + make_interval(secs => id % 97 * (id % 31))",
        "expires_at": "to_timestamp({now} + (id % 400 - 100) * 86400)",
    },
    "sqlite": {
        "paid_at": "datetime(created_at, '+' || (id % 97 * (id % 31)) || ' seconds')",
        "expires_at": "datetime({now} + (id % 400 - 100) * 86400, 'unixepoch')",
    },
}

# What a server does by itself in the hours between; SQLite reads slowly as long as all that was written is in its log.
TIDY = {"postgresql": ("VACUUM ANALYZE",), "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)")}


def enrich(first: int) -> None:
    """Give the bookings after the first so many what the reports tell of besides."""
    words: dict[str, object] = {"kinds": KINDS, "first": first}
    words |= {name: text.format(now=int(time.time())) for name, text in OWN[connection.vendor].items()}
    with connection.cursor() as cursor:
        for statement in MORE:
            cursor.execute(statement.format(**words))
        for statement in TIDY[connection.vendor]:
            cursor.execute(statement)


def browser() -> Client:
    """Somebody who may see everything; their number is beyond those of the made-up members."""
    owner = Member.objects.create(pk=1_000_000_000, email="owner@example.com", is_staff=True, is_superuser=True)
    client = Client(headers={"host": "localhost"})
    client.force_login(owner)
    return client


def measure(client: Client, bookings: int) -> None:
    """Each range several times; the page must have answered. Prints the middle of the clock's and the processor's."""
    today, told = timezone.now().date(), []
    kind = str(SessionType.objects.values_list("pk", flat=True)[0])
    for name in (*RANGES, ONE_KIND, TWO_YEARS):
        query = {"range": "year", "type": kind} if name == ONE_KIND else {"range": name}
        query = {"from": f"{today - timedelta(days=730)}", "to": f"{today}"} if name == TWO_YEARS else query
        clock, processor = zip(*(timed(client, query) for _ in range(TIMES)), strict=True)
        told.append(f"{name} {statistics.median(clock):.2f} s ({statistics.median(processor):.2f})")
    print(f"  {bookings:,} bookings: {', '.join(told)}", flush=True)


def timed(client: Client, query: dict[str, str]) -> tuple[float, float]:
    """The seconds of one page by the clock, and those in which the processor was at it: other work does not count."""
    began, used = time.perf_counter(), processor_seconds()
    answer = client.get(PAGE, query)
    if answer.status_code != 200:
        raise SystemExit(f"bench.reports: {answer.status_code} for {query}")
    return time.perf_counter() - began, processor_seconds() - used


def processor_seconds() -> float:
    """Of this process, and of the one that PostgreSQL keeps for it, on this machine."""
    used = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # All of a query in that process; its helpers would not be counted.
            cursor.execute("SET max_parallel_workers_per_gather = 0")
            cursor.execute("SELECT pg_backend_pid()")
            used += processor.seconds(cursor.fetchone()[0])
    return used


def main() -> None:
    """Let the studio grow, and ask for its page at each size."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description="Seconds of /admin/reports/.")
    parser.add_argument("--bookings", type=int, default=1_000_000, help="of the largest size (default: %(default)s)")
    options = parser.parse_args()
    start_afresh()
    call_command("migrate", verbosity=0)
    if Booking.objects.exists():
        raise SystemExit("bench.reports: the database is not empty")
    print(
        f"/admin/reports/ on {connection.vendor}, median of {TIMES}, seconds by the clock (and of processor):",
        flush=True,
    )
    client, first = browser(), 0
    for last in integrity.sizes(options.bookings):
        integrity.grow(first, last)
        enrich(first)
        measure(client, last)
        first = last


if __name__ == "__main__":
    main()
