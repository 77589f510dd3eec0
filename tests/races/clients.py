"""Many clients at one instant: each asks one thing over a connection of its own, and all start together."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import stripe
from django.conf import settings

from booking.models import Booking, ClassSession
from tests.cast import WEBHOOK, Caller

PATIENCE = aiohttp.ClientTimeout(total=60)
JSON = {"Content-Type": "application/json"}
Http = aiohttp.ClientSession


@dataclass(frozen=True)
class Ask:
    """One POST, ready to be sent."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"

    def without(self, guard: str) -> "Ask":
        """The same, asked of the program without one of its guards; see `unguarded`."""
        return Ask(self.path, {**self.headers, "X-Without": guard}, self.body)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of a refusal; empty for everything else."""
        return str(self.json["errors"][0]["code"]) if self.status >= 400 else ""


def book(caller: Caller, session: ClassSession, pay_with: str = "auto", key: str | None = None) -> Ask:
    named = {"Idempotency-Key": key} if key is not None else {}
    body = json.dumps({"pay_with": pay_with}).encode()
    return Ask(f"/api/booking/sessions/{session.pk}/book/", {**JSON, **caller.headers, **named}, body)


def cancel(caller: Caller, booking: Booking) -> Ask:
    return Ask(f"/api/booking/bookings/{booking.reference}/cancel/", {**JSON, **caller.headers})


def tell(event: Mapping[str, Any]) -> Ask:
    """An event as Stripe posts it, its signature really computed."""
    payload = json.dumps(event)
    [secret] = settings.STRIPE_WEBHOOK_SECRETS
    signature = stripe.WebhookSignature.generate_signature_header(payload, secret)
    return Ask(WEBHOOK, {**JSON, "Stripe-Signature": signature}, payload.encode())


def at_once(base: str, asks: Sequence[Ask]) -> list[Answer]:
    """Ask all of it at one instant; the answers in the order of the questions."""

    def turn(ask: Ask) -> Callable[[Http], Awaitable[Answer]]:
        return lambda http: send(http, base, ask)

    return together([turn(ask) for ask in asks])


def together(acts: Sequence[Callable[[Http], Awaitable[Any]]]) -> list[Any]:
    """Let all the acts begin at one instant, behind a barrier; what each returned, in their order."""

    async def run() -> list[Any]:
        barrier = asyncio.Barrier(len(acts))

        async def begin(act: Callable[[Http], Awaitable[Any]], http: Http) -> Any:
            await barrier.wait()
            return await act(http)

        async with Http(timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=0)) as http:
            return await asyncio.gather(*(begin(act, http) for act in acts))

    return asyncio.run(run())


async def send(http: Http, base: str, ask: Ask) -> Answer:
    async with http.post(base + ask.path, data=ask.body, headers=ask.headers) as answer:
        return Answer(answer.status, dict(answer.headers), await answer.text())


async def look(http: Http, base: str, caller: Caller, booking: Booking) -> Answer:
    path = f"/api/booking/bookings/{booking.reference}/"
    async with http.get(base + path, headers=caller.headers) as answer:
        return Answer(answer.status, dict(answer.headers), await answer.text())


def tally(answers: Sequence[Answer]) -> Counter[tuple[int, str]]:
    """How many answers of each status and code."""
    return Counter((answer.status, answer.code) for answer in answers)
