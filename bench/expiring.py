"""Expiry's local work beside the same rows written by one statement for as many holds at once.

Seconds of processors count, this program's and the database's: by the clock a run is bound by what Stripe allows. Local
is what the command reads, claims and writes; of what it asks of Stripe the answers are made up here. What it sends is
sent in the background. The whole command, with Stripe's SDK and the sandbox, runs once besides.
"""

from __future__ import annotations

import logging
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bench.prepared import ROOT

# isort: split
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from bench import asking, crowd, processor
from bench.bookings import serving
from bench.sandbox import sandbox
from bench.scaling.crowd import Ask, ask
from booking import expiry, express_expiry
from booking.expiry_run import BATCH, CANCELS_PER_SECOND, TOGETHER_SECONDS
from booking.express_expiry import Hold
from booking.models import Booking
from notifications import delivery
from payments.stripe_objects import Intent
from tests.races.server import settings_of_this_run

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
    """Milliseconds of processors for one hold, turn by turn; and by the clock the whole command."""

    stale: int
    local: list[float]
    set_based: list[float]
    asked: int
    seconds: float


def measure(stale: int, *, turns: int, asked: int) -> Expiry:
    """So many stale holds ended by either, in turns; and so many by the whole command."""
    _at_once(_run_out())  # what the webhooks' turns have left
    local: list[float] = []
    set_based: list[float] = []
    for _turn in range(turns):
        for work, found in ((_locally, local), (_at_once, set_based)):
            asking.write_holds(stale)
            held = _run_out()
            with _quiet():
                found.append(1000 * _used(work, held) / held)
                delivery.lane.wait(60)
    with sandbox() as stripe:
        with serving("config.wsgi", sandbox=stripe.base) as server:
            _hold(server.base, asked)
        held, began = _run_out(), time.perf_counter()
        _expire(os.environ | settings_of_this_run(stripe.base), held)
    return Expiry(stale, local, set_based, asked, time.perf_counter() - began)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a line, or a mail on the screen, for each of the messages that are sent meanwhile."""
    logging.disable(logging.WARNING)
    try:
        with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
            yield
    finally:
        logging.disable(logging.NOTSET)


def ratio(expiry: dict[str, Any]) -> float:
    """What local work takes as the statement takes it, the middle of the turns."""
    return statistics.median(one / other for one, other in zip(expiry["local"], expiry["set_based"], strict=True))


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


def _locally(stale: int) -> None:
    """What the command does of itself, in lots as large as Stripe lets it."""
    now = timezone.now()
    ids = list(expiry.stale(now=now, created_before=None).values_list("pk", flat=True))
    freed = 0
    for start in range(0, len(ids), BATCH):
        holds = express_expiry.claim(ids[start : start + BATCH], created_before=None, now=now)
        lot = CANCELS_PER_SECOND * TOGETHER_SECONDS
        for first in range(0, len(holds), lot):
            canceled = [(hold, _canceled(hold)) for hold in holds[first : first + lot]]
            freed += len(express_expiry.free(canceled, by=expiry.BY, now=now))
        express_expiry.release(holds, claimed_at=now)
    if freed != stale:
        raise SystemExit(f"bench: {stale} holds were to end, and {freed} did")


def _canceled(hold: Hold) -> Intent:
    return Intent(
        id=hold.stripe_intent_id,
        status="canceled",
        amount=hold.amount,
        amount_received=0,
        currency=hold.currency,
        live=False,
        metadata={"payment": str(hold.reference)},
    )


def _at_once(stale: int) -> None:
    done = 0
    with connection.cursor() as cursor:
        while done < stale:
            cursor.execute(SET_BASED)
            [count] = cursor.fetchone()
            done += count


def _used(work: Callable[[int], None], stale: int) -> float:
    """Seconds of processors, of this thread and of the database's process that serves it."""
    with connection.cursor() as cursor:
        [backend] = cursor.execute("SELECT pg_backend_pid()").fetchone()
    before = time.thread_time() + processor.seconds(backend)
    work(stale)
    return time.thread_time() + processor.seconds(backend) - before
