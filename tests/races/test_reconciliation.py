"""The comparison with Stripe while members book, pay, decline and give up; and two repairs at one instant."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from booking import integrity
from booking.models import Booking, BookingTransition, ClassSession
from notifications.models import Message
from payments.models import Payment, Refund
from tests.cast import WEBHOOK, Caller, Sandbox, intent_of, seats_match, session
from tests.races.clients import Http, book, cancel, send, together
from tests.races.crowd import crowd
from tests.races.server import ROOT, Server, settings_of_this_run
from tests.races.sizes import ON_POSTGRESQL

pytestmark = pytest.mark.load

MEMBERS = 8 if ON_POSTGRESQL else 6
COMPARISONS = 2
# What there is to compare grows with them: on a slow machine they would run ahead of the comparison for good.
ROUNDS = 100
AN_HOUR_AGO = ("--since", (timezone.now() - timedelta(hours=1)).isoformat())
# Only for what never ends: on a busy machine the comparison runs for a minute beside such a studio.
PATIENCE_SECONDS = 240
CARDS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_visa", "")
Act = Callable[[Http], Awaitable[Any]]


def compares(sandbox: Sandbox, *words: str) -> Act:
    """The command in a process of its own: its exit status and its findings."""
    environment = {**os.environ, **settings_of_this_run(sandbox.base)}

    async def act(http: Http) -> tuple[int, list[Any]]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "manage.py",
            "reconcile_payments",
            "--json",
            *AN_HOUR_AGO,
            *words,
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
        return process.returncode or 0, json.loads(said)["findings"]

    return act


def broken_laws() -> list[Any]:
    """What `check_integrity` finds at this moment, asked in a thread of its own."""
    try:
        return [verdict for verdict in integrity.check(now=timezone.now()) if verdict.count]
    finally:
        connections.close_all()


def hold_back(server: Server, sandbox: Sandbox) -> None:
    """Whatever Stripe tells from now on is on its way until it is let go."""
    sandbox.control("POST", "configure", webhook_url=server.base + WEBHOOK)
    sandbox.control("POST", "faults", fault="webhook_held")


def hear_the_rest(sandbox: Sandbox) -> None:
    """Everything that is on its way arrives, before the tables are emptied."""
    sandbox.clear_faults()
    sandbox.control("POST", "webhooks/release")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(one["state"] in ("waiting", "held") for one in sandbox.control("GET", "deliveries")["deliveries"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    sandbox.control("POST", "configure", webhook_url=None)


def test_a_busy_healthy_studio_raises_no_false_alarm(server: Server, sandbox: Sandbox) -> None:
    """Everyone books, pays, is declined or gives up, again and again, while the comparison and the laws run and run."""
    sandbox.control("POST", "configure", webhook_url=server.base + WEBHOOK)
    members, comparing = crowd(MEMBERS), {True}

    def lives(number: int) -> Act:
        async def act(http: Http) -> int:
            member, rounds = members[number], 0
            while comparing and rounds < ROUNDS:
                answer = await send(http, server.base, book(member, sessions[rounds % len(sessions)], "card"))
                if answer.status == 201:
                    await goes_on(http, answer.json, CARDS[(number + rounds) % len(CARDS)])
                rounds += 1
            return rounds

        async def goes_on(http: Http, held: Any, card: str) -> None:
            intent = held["stripe_client_secret"].split("_secret_")[0]
            if card:
                url = f"{sandbox.base}/_sandbox/payment_intents/{intent}/confirm"
                await (await http.post(url, json={"payment_method": card})).read()
            else:
                await send(http, server.base, cancel(members[number], Booking(reference=held["reference"])))

        return act

    async def compares_on(http: Http) -> list[Any]:
        try:
            return [await compares(sandbox, "--patience", "2")(http) for _ in range(COMPARISONS)]
        finally:
            comparing.clear()

    async def judges_on(http: Http) -> list[Any]:
        judged: list[Any] = []
        while comparing:
            judged.append(await asyncio.to_thread(broken_laws))
        return judged

    sessions = [session(capacity=MEMBERS) for _ in range(12)]
    said, judged, *rounds = together([compares_on, judges_on, *map(lives, range(MEMBERS))])
    server.wait_until_calm()
    hear_the_rest(sandbox)
    assert said == [(0, [])] * COMPARISONS
    assert judged
    assert not any(judged)
    assert sum(rounds) > MEMBERS
    assert {"paid", "freed"} <= set(Booking.objects.values_list("status", flat=True))
    assert seats_match()


def test_news_that_is_only_late_is_waited_for(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    """It comes while the command waits: after it has asked what Stripe has told of lately."""
    hold_back(server, sandbox)
    [member] = crowd(1)
    sandbox.pays(intent_of(member.book(yoga, "card")))

    async def comes_late(http: Http) -> None:
        asked, deadline = f"{sandbox.base}/_sandbox/requests?path=/v1/events", time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and len((await (await http.get(asked)).json())["requests"]) < 2:
            await asyncio.sleep(0.02)
        await (await http.post(f"{sandbox.base}/_sandbox/webhooks/release", json={})).read()

    said, _ = together([compares(sandbox, "--patience", "3"), comes_late])
    hear_the_rest(sandbox)
    assert said == (0, [])
    assert Booking.objects.get().status == "paid"


def test_two_repairs_at_one_instant_mend_once(server: Server, yoga: ClassSession, sandbox: Sandbox) -> None:
    members = crowd(5)
    for member in members:
        sandbox.pays(intent_of(member.book(yoga, "card")))
    run = compares(sandbox, "--fix", "--patience", "0")
    ends = together([run, run])
    assert [status for status, _ in ends] == [0, 0]
    assert Booking.objects.filter(status="paid").count() == Payment.objects.filter(status="paid").count() == 5
    assert BookingTransition.objects.filter(to_status="paid").count() == 5
    assert Message.objects.filter(kind="booking_paid").count() == 5
    assert seats_match()
    [said] = together([compares(sandbox, "--patience", "0")])
    assert said == (0, [])


def test_two_repairs_at_one_instant_neither_seat_and_return_nor_return_twice(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """Bookings that were freed by hand after they were paid: each is seated again, and nothing is owed besides."""
    sandbox.control("POST", "configure", webhook_url=server.base + WEBHOOK)
    for member in crowd(5):
        sandbox.pays(intent_of(member.book(yoga, "card")))
    hear_the_rest(sandbox)
    for booking in Booking.objects.all():
        BookingTransition.objects.filter(booking=booking, to_status="paid").update(to_status="freed")
    Booking.objects.update(status="freed", paid_with="", paid_at=None, ended_at=timezone.now(), ended_reason="staff")
    ClassSession.objects.update(seats_taken=0)
    run = compares(sandbox, "--fix", "--patience", "0")
    ends = together([run, run, run])
    assert [status for status, _ in ends] == [0, 0, 0]
    assert Booking.objects.filter(status="paid").count() == 5
    assert not Refund.objects.exists()
    assert seats_match()


def test_without_the_second_look_a_busy_studio_raises_alarms(
    server: Server, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """The control: no patience, and news that is on its way."""
    hold_back(server, sandbox)
    sandbox.pays(intent_of(as_ana.book(yoga, "card")))
    [(status, findings)] = together([compares(sandbox, "--patience", "0")])
    hear_the_rest(sandbox)
    assert (status, [finding["kind"] for finding in findings]) == (1, ["paid_there_not_here"])
