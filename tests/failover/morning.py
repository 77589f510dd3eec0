"""Members who book, pay and cancel through whichever door answers, and everything that they were told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from tests.faults.rush import PATIENCE, PAUSE_SECONDS

T = TypeVar("T")
LOOKS = 20


@dataclass(frozen=True)
class Told:
    """What one answer said of a booking, and when it came."""

    at: float
    reference: str
    status: str


class Morning:
    """So many members, each over connections of their own; who is not answered asks again at the next door."""

    def __init__(self, doors: list[str], tokens: list[str], sessions: list[int], stripe: str) -> None:
        self.doors, self.tokens, self.sessions, self.stripe = doors, tokens, sessions, stripe
        self.told: list[Told] = []
        self.refused: list[str] = []
        self.over = False

    async def run(self, meanwhile: Callable[[], Awaitable[T]]) -> T:
        """Let them go on while something else happens; what it has returned."""
        members = [asyncio.create_task(self._member(number)) for number in range(len(self.tokens))]
        try:
            return await meanwhile()
        finally:
            self.over = True
            await asyncio.gather(*members)

    async def _member(self, number: int) -> None:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=PATIENCE, connector=connector) as http:
            for turn, session in enumerate(self.sessions):
                if self.over:
                    return
                by_card, gives_up = (number + turn) % 3 == 0, turn % 3 == 1
                key = {"Idempotency-Key": f"{number}-{session}"}
                body = {"pay_with": "card" if by_card else "credits"}
                booked = await self._asked(http, number, "POST", f"sessions/{session}/book/", body, key)
                if booked and by_card:
                    await self._pay(http, number, booked)
                if booked and gives_up:
                    await self._cancel(http, number, booked["reference"])

    async def _pay(self, http: aiohttp.ClientSession, number: int, booked: dict[str, Any]) -> None:
        """With a card that works; then look until the webhook has come, for a while."""
        intent = booked["stripe_client_secret"].split("_secret_")[0]
        async with http.post(f"{self.stripe}/_sandbox/payment_intents/{intent}/confirm", json={}) as answer:
            assert answer.status == 200, await answer.text()
        for _ in range(LOOKS):
            seen = await self._asked(http, number, "GET", f"bookings/{booked['reference']}/", None, {})
            if seen is None or seen["status"] != "pending" or self.over:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _cancel(self, http: aiohttp.ClientSession, number: int, reference: str) -> None:
        """Who is refused looks: it may have been done when nobody was answered, or paid in the same moment."""
        if await self._asked(http, number, "POST", f"bookings/{reference}/cancel/", {}, {}) is None:
            await self._asked(http, number, "GET", f"bookings/{reference}/", None, {})

    async def _asked(
        self, http: aiohttp.ClientSession, number: int, method: str, path: str, body: Any, more: dict[str, str]
    ) -> dict[str, Any] | None:
        """Ask until somebody answers; None for a refusal."""
        headers = {"X-Session-Token": self.tokens[number], **more}
        door = number
        while True:
            url = f"{self.doors[door % len(self.doors)]}/api/booking/{path}"
            try:
                async with http.request(method, url, json=body, headers=headers) as answer:
                    told: dict[str, Any] = await answer.json()
                    if answer.status in (200, 201):
                        self.told.append(Told(time.monotonic(), told["reference"], told["status"]))
                        return told
                    if answer.status not in (500, 502, 503):
                        self.refused.append(f"{answer.status} {method} {path}: {told}")
                        return None
            except (aiohttp.ClientError, ConnectionError):
                pass
            door += 1
            await asyncio.sleep(PAUSE_SECONDS)
