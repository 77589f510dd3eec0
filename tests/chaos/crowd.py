"""Members at the users' door: they book, ask again, pay or do not, and write down what they were told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from tests.chaos.aging import Aging
from tests.chaos.house import House
from tests.chaos.notebook import Answer, Notebook
from tests.chaos.payers import Payers
from tests.chaos.plan import Grant, Session, Visit

Http = aiohttp.ClientSession
MOST_TRIES = 4


class Crowd:
    """The members of one run and the desk."""

    def __init__(self, http: Http, house: House, people: dict[str, Any], notebook: Notebook) -> None:
        self.http = http
        self.house = house
        self.members = people["members"]
        self.staff = people["staff"]
        self.notebook = notebook
        self.sessions: list[int] = []

    async def ask(self, who: Any, act: str, path: str, body: Any = None, key: str | None = None, **more: Any) -> Answer:
        """One POST to the program, written down."""
        headers = {"X-Session-Token": who["token"]} | ({"Idempotency-Key": key} if key else {})
        asked = self.notebook.clock.now()
        answer = Answer(asked, asked, who["id"], act, key=key, **more)
        self.notebook.answers.append(answer)
        try:
            async with self.http.post(f"{self.house.base}{path}", json=body or {}, headers=headers) as told:
                text = await told.text()
                answer.status = told.status
        except (aiohttp.ClientError, TimeoutError, OSError) as silence:
            answer.code = type(silence).__name__
        else:
            answer.body = json.loads(text) if told.content_type == "application/json" else {"text": text[:200]}
            answer.code = answer.body["errors"][0]["code"] if "errors" in answer.body else ""
            answer.reference = answer.body.get("reference", answer.reference)
        answer.heard = self.notebook.clock.now()
        return answer

    async def open_sessions(self, sessions: list[Session]) -> None:
        """The staff fills the schedule."""
        starts_at = datetime.now(UTC) + timedelta(days=3)
        for session in sessions:
            times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}
            answer = await self.ask(self.staff, "schedule", "/api/booking/sessions/", asdict(session) | times)
            self.sessions.append(answer.body["id"])

    async def book(self, visit: Visit, key: str | None) -> Answer:
        member, session = self.members[visit.member], self.sessions[visit.session]
        path = f"/api/booking/sessions/{session}/book/"
        body = {"pay_with": visit.pay_with}
        return await self.ask(member, "book", path, body, key, session=session, pay_with=visit.pay_with)

    async def act(self, visit: Visit, act: str, reference: str) -> Answer:
        """`sync` or `cancel` one's own booking."""
        path = f"/api/booking/bookings/{reference}/{act}/"
        return await self.ask(self.members[visit.member], act, path, reference=reference)

    async def grant(self, grant: Grant, number: int) -> None:
        """Credits from the desk; a grant nobody heard the end of is asked for again under its key."""
        body = {"member": self.members[grant.member]["id"], "credits": grant.credits, "note": f"grant {number}"}
        asks = [self.ask(self.staff, "grant", "/api/payments/credits/grants/", body, f"grant-{number}")]
        if grant.twice:
            asks.append(self.ask(self.staff, "grant", "/api/payments/credits/grants/", body, f"grant-{number}"))
        answers = await asyncio.gather(*asks)
        if all(answer.status is None for answer in answers):
            await self.ask(self.staff, "grant", "/api/payments/credits/grants/", body, f"grant-{number}")


class Visitor:
    """One member on one visit."""

    def __init__(self, visit: Visit, crowd: Crowd, payers: Payers, aging: Aging) -> None:
        self.visit = visit
        self.crowd = crowd
        self.payers = payers
        self.aging = aging
        self.reference = ""
        self.intent = ""

    async def come(self) -> None:
        """Ask for a seat; when one is held, do what the plan says."""
        key = None if self.visit.manner == "bare" else f"visit-{self.visit.number}"
        if self.visit.manner == "double":
            self._heard(await asyncio.gather(self.crowd.book(self.visit, key), self.crowd.book(self.visit, key)))
        await self._ask_until_told(key)
        if self.intent:
            await asyncio.sleep(self.visit.wait)
            ending: Callable[[], Awaitable[None]] = getattr(self, f"_{self.visit.ending}")
            await ending()

    async def _ask_until_told(self, key: str | None) -> None:
        """Go on while the answer is "send the same request again" or none at all; an impatient one changes the key."""
        for attempt in range(MOST_TRIES if self.visit.manner != "once" else 1):
            if self.intent:
                return
            if self.visit.manner == "another" and attempt:
                key = f"visit-{self.visit.number}-{attempt}"
            answer = await self.crowd.book(self.visit, key)
            self._heard([answer])
            if answer.status not in (None, 503):
                return
            await asyncio.sleep(0.2 + self.visit.pause / 2)

    def _heard(self, answers: list[Answer]) -> None:
        for answer in answers:
            if answer.intent:
                self.reference, self.intent = answer.reference or "", answer.intent

    async def _pause(self) -> None:
        await asyncio.sleep(self.visit.pause)

    async def _pays(self, card: str = "pm_card_visa") -> None:
        await self.payers.pay(self.intent, card)

    async def _pays_and_syncs(self) -> None:
        await self._pays()
        await self.crowd.act(self.visit, "sync", self.reference)

    async def _declined(self) -> None:
        await self._pays("pm_card_chargeDeclined")
        await self._pause()
        await self.crowd.act(self.visit, "sync", self.reference)

    async def _declined_then_pays(self) -> None:
        await self._pays("pm_card_chargeDeclinedInsufficientFunds")
        await self._pause()
        await self._pays()

    async def _leaves_3ds(self) -> None:
        await self._pays("pm_card_authenticationRequired")
        await self.aging.age(self.reference, self.visit.minutes)

    async def _passes_3ds(self) -> None:
        await self._pays("pm_card_authenticationRequired")
        await self._pause()
        await self.payers.authenticate(self.intent, ok=True)

    async def _fails_3ds(self) -> None:
        await self._pays("pm_card_authenticationRequired")
        await self._pause()
        await self.payers.authenticate(self.intent, ok=False)

    async def _processes(self) -> None:
        await self._pays("pm_sandbox_processing")
        await self.aging.age(self.reference, self.visit.minutes)
        await asyncio.sleep(self.visit.pause * 2)
        await self.payers.settle(self.intent, ok=True)

    async def _processes_in_vain(self) -> None:
        await self._pays("pm_sandbox_processing")
        await self._pause()
        await self.payers.settle(self.intent, ok=False)

    async def _gives_up(self) -> None:
        await self.crowd.act(self.visit, "cancel", self.reference)

    async def _gives_up_while_paying(self) -> None:
        await asyncio.gather(self.crowd.act(self.visit, "cancel", self.reference), self._pays_soon())

    async def _pays_soon(self) -> None:
        await asyncio.sleep(self.visit.pause / 30)
        await self._pays()

    async def _leaves(self) -> None:
        await self.aging.age(self.reference, self.visit.minutes)

    async def _pays_late(self) -> None:
        await self.aging.age(self.reference, self.visit.minutes)
        await self._pause()
        await self._pays()

    async def _comes_back(self) -> None:
        await self.aging.age(self.reference, self.visit.minutes)
        await self._pause()
        self.intent = ""
        await self._ask_until_told(f"visit-{self.visit.number}-later")
        if self.intent:
            await self._pays()

    async def _forges(self) -> None:
        await self.payers.forge(self.reference, self.intent)
