"""Deliveries of events: when each is tried, in which order, how often, and what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from itertools import islice
from random import Random
from typing import Any, Protocol
from urllib.parse import urlsplit

from sandbox.clock import Clock
from sandbox.errands import Errands
from sandbox.faults.script import Fault
from sandbox.stripe import webhooks
from sandbox.stripe.held_back import HeldBack
from sandbox.stripe.webhooks import Attempt

Json = dict[str, Any]

# Stripe retries for days; a developer waits two minutes. Scaled by --retry-scale.
RETRY_SECONDS = (1, 3, 10, 30, 60)
PATIENCE = 10.0
_AT_ONCE = 128
_REMEMBERED = 20_000

logger = logging.getLogger(__name__)


class Endpoint(Protocol):
    """Where deliveries go now, and how."""

    webhook_url: str | None
    webhook_secrets: list[str]
    retry_scale: float


class Deliveries:
    """Every delivery since the last reset. Attempts wait in a timer, not in a task; few are under way at once."""

    def __init__(self, endpoint: Endpoint, errands: Errands, clock: Clock, draw: Random, undelivered: set[str]) -> None:
        self._endpoint, self._errands, self._clock = endpoint, errands, clock
        self._undelivered = undelivered
        self._attempts: deque[Attempt] = deque(maxlen=_REMEMBERED)
        self._held_back = HeldBack(draw, self._start)
        self._due: deque[list[Attempt]] = deque()  # each list is tried one after the other
        self._under_way = 0
        self._closed = False

    def begin(self, event: Json, fault: Fault | None) -> None:
        """Deliver a new event, as the fault that strikes it allows."""
        self._undelivered.add(event["id"])
        kind = fault.kind.removeprefix("webhook_") if fault else None
        if fault is None:
            self._start([self._note(event)])
        elif kind == "dropped":
            self._note(event, state="dropped")
        elif kind == "doubled":
            self._start([self._note(event)])
            for _ in range(fault.copies - 1):
                self._later(fault.seconds, [self._note(event)])
        elif kind == "delayed":
            self._later(fault.seconds, [self._note(event)])
        elif kind == "held":
            self._held_back.hold(self._note(event))
        elif kind == "shuffled":
            self._held_back.gather(self._note(event), company=fault.copies, seconds=fault.seconds)
        else:
            altered = self._note(event, look=str(kind))
            self._start([altered, self._note(event)] if fault.extra else [altered])

    async def once(self, event: Json, *, look: str) -> int | str:
        """Deliver an event once, now, and never again; answers the receiver's status, or what went wrong in words."""
        attempt = self._note(event, look=look)
        return await self._try(attempt)

    def release(self, *, shuffled: bool) -> list[str]:
        """Let go of what is held, one after the other, in another order if so wanted; answers the events in order."""
        return [attempt.event["id"] for attempt in self._held_back.release(shuffled=shuffled)]

    async def first_tried(self, request_id: str) -> None:
        """Wait until every event of that request has been tried once, or until a receiver's patience has run out."""
        mine = [attempt for attempt in self._attempts if attempt.event["request"]["id"] == request_id]
        until = self._clock.machine() + PATIENCE
        while any(attempt.state == "waiting" and attempt.number == 1 for attempt in mine):
            if self._clock.machine() > until:
                return
            await asyncio.sleep(0.005)

    def listed(self, *, event: str | None = None, last: int | None = None) -> list[Json]:
        """The attempts as plain data, the newest last: those of one event, the last so many."""
        found = [attempt for attempt in self._attempts if event in (None, attempt.event["id"])]
        return [attempt.plain() for attempt in (found if last is None else found[max(0, len(found) - last) :])]

    def newest(self, count: int) -> list[Json]:
        """The latest attempts as plain data, newest first; does not look at the older ones."""
        return [attempt.plain() for attempt in islice(reversed(self._attempts), count)]

    def close(self) -> None:
        """Give up all that waits."""
        self._closed = True
        self._due.clear()

    def _note(self, event: Json, **more: Any) -> Attempt:
        attempt = Attempt(event, self._clock.exactly(), **more)
        self._attempts.append(attempt)
        return attempt

    def _later(self, seconds: float, attempts: list[Attempt]) -> None:
        if seconds > 0:
            asyncio.get_running_loop().call_later(seconds, self._start, attempts)
        else:
            self._start(attempts)

    def _start(self, attempts: list[Attempt]) -> None:
        if not self._closed:
            self._due.append(attempts)
            self._pump()

    def _pump(self) -> None:
        while self._due and self._under_way < _AT_ONCE:
            self._under_way += 1
            self._errands.start(self._play(self._due.popleft()), then=self._played)

    def _played(self) -> None:
        self._under_way -= 1
        self._pump()

    async def _play(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            outcome = await self._try(attempt)
            if attempt.state == "failed" and attempt.look == webhooks.ITSELF:
                self._follow(attempt, outcome)

    async def _try(self, attempt: Attempt) -> int | str:
        url = self._endpoint.webhook_url
        attempt.at = self._clock.exactly()
        if url is None:
            outcome: int | str = "no webhook_url is configured"
        else:
            body, headers = webhooks.outgoing(attempt.event, attempt.look, self._endpoint.webhook_secrets)
            outcome = await self._errands.post(url, body=body, headers=headers, patience=PATIENCE)
        if isinstance(outcome, int):
            attempt.status = outcome
        else:
            attempt.error = outcome
        attempt.state = "delivered" if attempt.status is not None and 200 <= attempt.status < 300 else "failed"
        if attempt.state == "delivered" and attempt.look == webhooks.ITSELF:
            attempt.event["pending_webhooks"] = 0
            self._undelivered.discard(attempt.event["id"])
        return outcome

    def _follow(self, attempt: Attempt, outcome: int | str) -> None:
        following = "given up"
        if attempt.number <= len(RETRY_SECONDS):
            seconds = RETRY_SECONDS[attempt.number - 1] * self._endpoint.retry_scale
            following = f"again in {seconds:g} s"
            self._later(seconds, [self._note(attempt.event, number=attempt.number + 1)])
        else:
            attempt.state = "given_up"
        event, url = attempt.event, urlsplit(self._endpoint.webhook_url or "")
        where = f"{url.hostname}:{url.port}{url.path}"
        logger.warning("webhook %s (%s) to %s: %s; %s", event["id"], event["type"], where, outcome, following)
