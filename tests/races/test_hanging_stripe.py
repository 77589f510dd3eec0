"""Stripe takes calls and does not answer them: whoever needs no card is served all the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from django.db import connection

from booking.models import ClassSession
from payments.models import Payment
from tests.cast import Caller, Sandbox, session
from tests.races import laws
from tests.races.clients import PATIENCE, Answer, Ask, at_once, book, send, tally
from tests.races.conftest import serving
from tests.races.crowd import crowd
from tests.races.server import Server

pytestmark = pytest.mark.load

THREADS = 8
INSIDE = THREADS * 3 // 4
BY_CARD, WITH_CREDITS = 2 * THREADS, 8
HANGS_SECONDS = 9
SOON_SECONDS = 2


@pytest.fixture
def crowded(request: Any, django_db_setup: None, sandbox: Sandbox, tmp_path: Path) -> Iterator[Server]:
    log, patient = tmp_path / "log", {"STRIPE_TIMEOUT_SECONDS": "20"}
    yield from serving(Server(request.param, sandbox=sandbox.base, log=log, processes=1, **patient))


@pytest.fixture
def yoga() -> ClassSession:
    return session(capacity=BY_CARD + WITH_CREDITS)


@pytest.fixture
def members() -> list[Caller]:
    """First those who pay by card."""
    return crowd(BY_CARD + WITH_CREDITS, credits_each=1)


@pytest.mark.parametrize("crowded", ["tests.contract.served"], indirect=True)
def test_credits_book_while_stripe_hangs_and_cards_when_it_answers_again(
    crowded: Server, sandbox: Sandbox, yoga: ClassSession, members: list[Caller]
) -> None:
    cards = [book(member, yoga, "card") for member in members[:BY_CARD]]
    credit = [book(member, yoga, "credits") for member in members[BY_CARD:]]

    async def ask() -> tuple[list[Answer], int, list[Answer]]:
        async with _http() as http:
            tasks = _asked(http, crowded, cards)
            while sum(task.done() for task in tasks) < BY_CARD - INSIDE:
                await asyncio.sleep(0.01)
            sandbox.clear_faults()
            with_credits = await asyncio.gather(*_asked(http, crowded, credit))
            still_inside = sum(not task.done() for task in tasks)
            return with_credits, still_inside, await asyncio.gather(*tasks)

    sandbox.fault("hang_before", "/v1/payment_intents$", times=None, seconds=HANGS_SECONDS)
    with_credits, still_inside, by_card = asyncio.run(ask())
    assert tally(with_credits) == {(201, ""): WITH_CREDITS}
    assert still_inside == INSIDE
    assert tally(by_card) == {(201, ""): INSIDE, (503, "payments_unavailable"): BY_CARD - INSIDE}
    assert {answer.headers["Retry-After"] for answer in by_card if answer.status == 503} == {"5"}
    refused = [ask for ask, answer in zip(cards, by_card, strict=True) if answer.status == 503]
    assert tally(at_once(crowded.base, refused)) == {(200, ""): len(refused)}  # each had its hold
    assert len(sandbox.intents()) == BY_CARD
    crowded.wait_until_calm()
    assert laws.broken() == []


@pytest.mark.parametrize("crowded", ["tests.races.unguarded"], indirect=True)
def test_without_the_bulkhead_nobody_is_served(
    crowded: Server, sandbox: Sandbox, yoga: ClassSession, members: list[Caller]
) -> None:
    cards = [book(member, yoga, "card").without("bulkhead") for member in members[:BY_CARD]]

    async def ask() -> int:
        async with _http() as http:
            tasks = _asked(http, crowded, cards)
            while await asyncio.to_thread(_payments_begun) < THREADS:
                await asyncio.sleep(0.01)
            with_credits = _asked(http, crowded, [book(member, yoga, "credits") for member in members[BY_CARD:]])
            served, _ = await asyncio.wait(with_credits, timeout=SOON_SECONDS)
            await asyncio.gather(*tasks, *with_credits)
            return len(served)

    sandbox.fault("hang_before", "/v1/payment_intents$", times=THREADS, seconds=HANGS_SECONDS)
    assert asyncio.run(ask()) == 0
    crowded.wait_until_calm()


def _payments_begun() -> int:
    try:
        return Payment.objects.count()
    finally:
        connection.close()  # of a thread that nobody would close it for


def _http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=0, force_close=True))


def _asked(http: aiohttp.ClientSession, server: Server, asks: list[Ask]) -> list[asyncio.Task[Answer]]:
    return [asyncio.create_task(send(http, server.base, ask)) for ask in asks]
