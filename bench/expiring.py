"""`expire_pending_bookings` beside the same rows written by one statement for five hundred holds.

Seconds of processors count, the command's and the database's: what Stripe takes is not ours, and the clock would tell
how many calls a second are allowed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.prepared import ROOT

# isort: split
from django.db import connection
from django.utils import timezone

from bench import asking, crowd, processor
from bench.bookings import serving
from bench.sandbox import sandbox
from bench.scaling.crowd import Ask, ask, processor_seconds
from booking.models import Booking
from tests.races.server import settings_of_this_run

BATCH = 500
CLIENTS = 8
BY_CARD = {"pay_with": "card"}
SET_BASED = f"""WITH stale AS (
    SELECT id, session_id, member_id, payment_id, reference FROM booking_booking
    WHERE status = 'pending' AND expires_at <= now() AND session_id >= {crowd.FIRST}
    ORDER BY expires_at, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED
), void AS (
    UPDATE payments_payment SET status = 'void', void_reason = 'expired', ended_at = now()
    FROM stale WHERE payments_payment.id = stale.payment_id
), freed AS (
    UPDATE booking_booking SET status = 'freed', ended_reason = 'expired', ended_at = now()
    FROM stale WHERE booking_booking.id = stale.id
), moved AS (
    INSERT INTO booking_bookingtransition (booking_id, from_status, to_status, reason, by, at)
    SELECT id, 'pending', 'freed', 'expired', 'bench', now() FROM stale
), told AS (
    INSERT INTO notifications_message (id, kind, subject, member_id, variables, status, reason, attempts, due_at, sid,
        created_at)
    SELECT gen_random_uuid(), 'hold_expired', 'booking:' || reference, member_id, '{{}}', 'queued', '', 0, now(), '',
        now() FROM stale
), seats AS (
    UPDATE booking_classsession SET seats_taken = seats_taken - n
    FROM (SELECT session_id, count(*) AS n FROM stale GROUP BY session_id) counted
    WHERE booking_classsession.id = session_id
)
SELECT count(*) FROM stale"""


@dataclass(frozen=True)
class Expiry:
    """Milliseconds of processors for one hold, of the command and of the statement; and the command's by the clock."""

    stale: int
    command: float
    set_based: float
    seconds: float

    @property
    def ratio(self) -> float:
        return self.command / self.set_based


def measure(stale: int) -> Expiry:
    """So many holds ended by the command, whose start is not counted, and as many by the statement."""
    _at_once(_run_out())  # what the webhooks' turns have left, of which this sandbox knows nothing
    with sandbox() as stripe:
        with serving("config.wsgi", sandbox=stripe.base) as server:
            _hold(server.base, stale)
        environment = os.environ | settings_of_this_run(stripe.base)
        idle, _ = _used(lambda: _expire(environment, 0))
        held = _run_out()
        busy, seconds = _used(lambda: _expire(environment, held))
    asking.write_holds(stale)
    held = _run_out()
    set_based, _ = _used(lambda: _at_once(held))
    return Expiry(stale, 1000 * (busy - idle) / stale, 1000 * set_based / stale, seconds)


def _hold(base: str, stale: int) -> None:
    asks = [
        Ask("POST", f"{base}/api/booking/sessions/{crowd.HOT + 1 + n}/book/", crowd.token(crowd.MEMBERS + n), BY_CARD)
        for n in range(stale)
    ]
    answers = ask(asks, clients=CLIENTS)
    if set(answers.statuses) - {200, 201}:
        raise SystemExit(f"bench: holds were answered {dict(answers.statuses)}")


def _run_out() -> int:
    """Let every hold of the crowd run out; how many there are."""
    held = Booking.objects.filter(status="pending", session_id__gte=crowd.FIRST)
    return held.update(expires_at=timezone.now() - timedelta(minutes=1))


def _expire(environment: dict[str, str], stale: int) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "expire_pending_bookings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    freed = re.search(r"(\d+) freed", ended.stdout)
    if freed is None or int(freed[1]) != stale:
        raise SystemExit(f"bench: {stale} holds were to end, and the command said {ended.stdout}{ended.stderr}")


def _at_once(stale: int) -> None:
    done = 0
    with connection.cursor() as cursor:
        while done < stale:
            cursor.execute(SET_BASED)
            [count] = cursor.fetchone()
            done += count


def _used(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds of processors, of this process, of those it waits for and of the database's; and of the clock."""
    postmaster = _postmaster()
    before, began = _all(postmaster), time.perf_counter()
    work()
    return _all(postmaster) - before, time.perf_counter() - began


def _all(postmaster: int) -> float:
    return processor.seconds_with_ended(os.getpid()) + processor_seconds(postmaster)


def _postmaster() -> int:
    """The process that has started the one of our connection."""
    with connection.cursor() as cursor:
        [backend] = cursor.execute("SELECT pg_backend_pid()").fetchone()
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
