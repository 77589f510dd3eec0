"""A server is told to stop while clients wait for a slow Stripe: whoever it has accepted is answered."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from django.core.management import call_command

from booking.models import Booking
from payments.models import Refund
from tests.cast import Sandbox, paid_by_card, session
from tests.races import laws
from tests.races.clients import PATIENCE, Answer, Ask, at_once, book, cancel, send, tally
from tests.races.crowd import crowd
from tests.races.server import PATIENCE_SECONDS, Server

pytestmark = pytest.mark.load

# More than the two processes have threads: some have been accepted and wait for one.
CLIENTS = 24
# More than the lanes of both have threads for, so that the last of them end when no request is left.
RETURNED = 5
SLOW_SECONDS = 1


@pytest.fixture
def stopping(django_db_setup: None, sandbox: Sandbox, tmp_path: Path) -> Iterator[Server]:
    server = Server("tests.contract.served", sandbox=sandbox.base, log=tmp_path / "log", processes=2)
    try:
        server.wait_until_ready()
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def test_whoever_was_accepted_is_answered_and_what_was_promised_is_done(stopping: Server, sandbox: Sandbox) -> None:
    by_card, with_credits = session(capacity=CLIENTS), session(capacity=CLIENTS)
    members = crowd(CLIENTS, credits_each=1)
    yoga = session()
    returned = [Booking.objects.get(reference=paid_by_card(one, yoga, sandbox)) for one in members[:RETURNED]]
    asks = [book(one, by_card, "card") for one in members[: CLIENTS // 2]]
    asks += [book(one, with_credits, "credits") for one in members[CLIENTS // 2 :]]
    sandbox.fault("latency", "/v1/", times=None, seconds=SLOW_SECONDS)
    cancelled = at_once(stopping.base, [cancel(one, row) for one, row in zip(members, returned, strict=False)])
    answers = asyncio.run(asked_and_stopped(stopping, asks))
    status = stopping.process.wait(2 * PATIENCE_SECONDS)
    sandbox.clear_faults()

    assert tally(cancelled) == {(200, ""): RETURNED}
    cards, others = tally(answers[: CLIENTS // 2]), tally(answers[CLIENTS // 2 :])
    # Where Stripe is slow the last thread is no card's to wait in: its hold stands then, and it may ask again.
    assert {*cards} <= {(201, ""), (503, "payments_unavailable")}
    assert (cards[201, ""] >= CLIENTS // 4, others) == (True, {(201, ""): CLIENTS // 2})
    logged = stopping.logged()
    assert (status, "SIGKILL" in logged, "Traceback" in logged) == (0, False, False), logged
    assert [one.status for one in Refund.objects.all()] == ["succeeded"] * RETURNED
    assert [one["amount"] for one in sandbox.every("refunds")] == [1500] * RETURNED
    call_command("deliver_messages")
    assert laws.broken() == []


async def asked_and_stopped(server: Server, asks: list[Ask]) -> list[Answer]:
    """Ask all of it, and stop the server once it has accepted everybody; what each was answered."""
    connected = 0

    async def counted(*_: object) -> None:
        nonlocal connected
        connected += 1

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(counted)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(timeout=PATIENCE, connector=connector, trace_configs=[trace]) as http:
        answers = [asyncio.create_task(send(http, server.base, ask)) for ask in asks]
        while connected < len(asks) or not nobody_waits_at_the_door(server):
            await asyncio.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        return await asyncio.gather(*answers)


def nobody_waits_at_the_door(server: Server) -> bool:
    """Whether the kernel holds no connection that the server has not accepted yet."""
    port = int(server.base.rsplit(":", 1)[1])
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, queues, *_ = line.split()
        if state == "0A" and int(local.split(":")[1], 16) == port:
            return int(queues.split(":")[1], 16) == 0
    raise AssertionError("the server listens nowhere")
