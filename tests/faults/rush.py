"""Clients who book one session after the other, and repeat a request until it is acknowledged."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

PAUSE_SECONDS = 0.05
PATIENCE = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True)
class Acknowledged:
    """One booking that a client was told of."""

    at: float
    reference: str
    status: str
    credits: int
    intent: str


class Rush:
    """So many members, each over connections of their own, from the first moment until told to stop."""

    def __init__(self, base: str, tokens: list[str], sessions: list[int]) -> None:
        self.base = base
        self.tokens = tokens
        self.sessions = sessions
        self.acknowledged: list[Acknowledged] = []
        self.refused: list[str] = []
        self.over = False

    async def run(self, meanwhile: Any) -> Any:
        """Book while something else happens; what it has returned."""
        clients = [asyncio.create_task(self._client(number)) for number in range(len(self.tokens))]
        try:
            return await meanwhile()
        finally:
            self.over = True
            await asyncio.gather(*clients)

    async def _client(self, number: int) -> None:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=PATIENCE, connector=connector) as http:
            for turn, session in enumerate(self.sessions):
                if self.over:
                    return
                await self._until_booked(http, number, session, "card" if (number + turn) % 3 == 0 else "credits")

    async def _until_booked(self, http: aiohttp.ClientSession, number: int, session: int, pay_with: str) -> None:
        headers = {"X-Session-Token": self.tokens[number], "Idempotency-Key": f"{number}-{session}"}
        url = f"{self.base}/api/booking/sessions/{session}/book/"
        while True:
            try:
                async with http.post(url, json={"pay_with": pay_with}, headers=headers) as answer:
                    told = await answer.json()
                    if answer.status in (200, 201):
                        self.acknowledged.append(_read(told))
                        return
                    if answer.status != 503:
                        self.refused.append(f"{answer.status} {told}")
                        return
            except (aiohttp.ClientError, ConnectionError):
                pass
            await asyncio.sleep(PAUSE_SECONDS)


def _read(told: dict[str, Any]) -> Acknowledged:
    intent = told.get("stripe_client_secret", "").split("_secret_")[0]
    return Acknowledged(time.monotonic(), told["reference"], told["status"], told["credits_spent"], intent)
