"""Bookings by card while a call to Stripe takes 400 ms, and bookings with credits beside them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import aiohttp
from django.conf import settings

from bench import asking, crowd
from bench.bookings import serving
from bench.load import send
from bench.sandbox import sandbox
from bench.works import CLIENTS
from tests.cast import Sandbox

CALL_SECONDS = 0.4
CARD_CLIENTS = 64
# Longer than anybody here waits: a call that hangs does not come back.
HANGS_SECONDS = 600
SETTLED_SECONDS = 4
BEGUN_SECONDS = 1.5
_members = count()


@dataclass
class Cards:
    """What the clients with cards were answered."""

    seconds: float = 0.0
    codes: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Holds with their client secret, a second."""
        return (self.codes[200] + self.codes[201]) / self.seconds


@dataclass(frozen=True)
class Beside:
    """One number of threads: bookings a second, alone and beside each other, and with credits while Stripe hangs."""

    threads: int
    processes: int
    cards: float
    cards_beside: float
    credits: float
    credits_beside: float
    credits_while_hanging: float
    call_seconds: float = CALL_SECONDS


def measure(*, threads: int, seconds: int) -> Beside:
    """Credits alone, cards alone, both; and credits while no call of the cards comes back."""
    with sandbox() as stripe, serving("config.wsgi", sandbox=stripe.base, WEB_THREADS=str(threads)) as server:
        steering = Sandbox(stripe.base)
        steering.fault("latency", "/v1/", times=None, seconds=CALL_SECONDS)
        _credits(server.base, 1)
        alone = _credits(server.base, seconds)
        cards = asyncio.run(_ask(server.base, seconds))
        with _crowded(server.base, seconds + 1) as beside:
            time.sleep(BEGUN_SECONDS)
            credits_beside = _credits(server.base, seconds)
        steering.fault("hang_before", "/v1/", times=None, seconds=HANGS_SECONDS)
        with _crowded(server.base, seconds + SETTLED_SECONDS + 1):
            time.sleep(SETTLED_SECONDS)
            hanging = _credits(server.base, seconds)
    return Beside(threads, settings.WEB_CONCURRENCY, cards.rate, beside.rate, alone, credits_beside, hanging)


def _credits(base: str, seconds: float) -> float:
    return send(base, asking.bookings(), clients=CLIENTS, seconds=seconds).rate(201)


@contextmanager
def _crowded(base: str, seconds: float) -> Iterator[Cards]:
    """Clients with cards ask during the block, in a thread of their own."""
    found = Cards()
    thread = threading.Thread(target=lambda: asyncio.run(_ask(base, seconds, found)))
    thread.start()
    yield found
    thread.join()


async def _ask(base: str, seconds: float, found: Cards | None = None) -> Cards:
    found = found or Cards()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        clients = [asyncio.create_task(_client(http, base, found)) for _ in range(CARD_CLIENTS)]
        # The first calls come back all at once, and none before: what comes steadily counts.
        await asyncio.sleep(BEGUN_SECONDS)
        found.codes.clear()
        began = time.monotonic()
        await asyncio.sleep(seconds)
        found.seconds = time.monotonic() - began
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    return found


async def _client(http: aiohttp.ClientSession, base: str, found: Cards) -> None:
    """Book again and again, each time as another member; who is refused waits as long as the answer says."""
    for number in _members:
        session = crowd.HOT + 1 + number % crowd.SESSIONS
        url = f"{base}/api/booking/sessions/{session}/book/"
        headers = {"X-Session-Token": crowd.token(number % crowd.MEMBERS), "Content-Type": "application/json"}
        while True:
            async with http.post(url, data=json.dumps({"pay_with": "card"}), headers=headers) as answer:
                await answer.read()
                found.codes[answer.status] += 1
                if "Retry-After" not in answer.headers:
                    break
                await asyncio.sleep(int(answer.headers["Retry-After"]))
