"""Two runs of the expiry command at one instant, while members go on booking."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from payments.models import Payment
from tests.cast import Caller, Sandbox, seats_match
from tests.races.clients import Answer, Http, book, send, tally, together
from tests.races.crowd import crowd
from tests.races.server import ROOT, Server, settings_of_this_run
from tests.races.sizes import ON_POSTGRESQL

pytestmark = pytest.mark.load

HOLDS = 20 if ON_POSTGRESQL else 10
BOOKERS = 6
COMMAND = ("manage.py", "expire_pending_bookings", "--minutes", "1")
PATIENCE_SECONDS = 60


def test_two_runs_free_each_hold_once_while_members_book(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    yoga.capacity = HOLDS
    yoga.save()
    members = crowd(HOLDS + BOOKERS)
    holders, bookers = members[:HOLDS], members[HOLDS:]
    assert {holder.book(yoga, "card").status_code for holder in holders} == {201}
    stale = list(Booking.objects.values_list("pk", flat=True))
    Booking.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    environment = {**os.environ, **settings_of_this_run(sandbox.base)}
    running = {1, 2}

    async def expires(run: int) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *COMMAND, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
            running.discard(run)
        return process.returncode or 0, said.decode()

    def wants_a_seat(member: Caller) -> Callable[[Http], Awaitable[list[Answer]]]:
        async def act(http: Http) -> list[Answer]:
            answers: list[Answer] = []
            while running and 201 not in [answer.status for answer in answers]:
                answers.append(await send(http, server.base, book(member, yoga, "card")))
            return answers

        return act

    one, other, *wanted = together([lambda _: expires(1), lambda _: expires(2), *map(wants_a_seat, bookers)])
    assert (one[0], other[0]) == (0, 0), (one, other)
    assert freed_by(one) + freed_by(other) == HOLDS
    heard = tally([answer for answers in wanted for answer in answers])
    assert heard.keys() == {(409, "session_full"), (201, "")}
    assert Booking.objects.filter(pk__in=stale, status="freed", ended_reason="expired").count() == HOLDS
    moves = BookingTransition.objects.filter(booking__in=stale).values_list("from_status", "to_status")
    assert sorted(moves) == [("", "pending")] * HOLDS + [("pending", "freed")] * HOLDS
    voided = Payment.objects.filter(status="void").values_list("stripe_intent_id", flat=True)
    assert {intent["id"] for intent in sandbox.intents() if intent["status"] == "canceled"} == set(voided)
    yoga.refresh_from_db()
    assert yoga.seats_taken == Booking.objects.exclude(pk__in=stale).count() == heard[201, ""]
    assert seats_match()


def freed_by(run: tuple[int, str]) -> int:
    """How many holds a run says it has freed."""
    summary = re.search(r"(\d+) freed", run[1])
    assert summary, run
    return int(summary[1])
