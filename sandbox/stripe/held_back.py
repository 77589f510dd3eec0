"""Deliveries that are held back: for a hand that lets go, or for company to be shuffled with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from sandbox.stripe.webhooks import Attempt

_AT_MOST = 10_000


class HeldBack:
    """What waits. Whatever leaves together leaves in one order, each tried after the one before it."""

    def __init__(self, draw: Random, leave: Callable[[list[Attempt]], None]) -> None:
        self._draw, self._leave = draw, leave
        self._held: list[Attempt] = []
        self._gathered: list[Attempt] = []

    def hold(self, attempt: Attempt) -> None:
        """Keep it until it is released; when too many wait, the oldest is lost."""
        attempt.state = "held"
        self._held.append(attempt)
        if len(self._held) > _AT_MOST:
            self._held.pop(0).state = "dropped"

    def gather(self, attempt: Attempt, *, company: int, seconds: float) -> None:
        """Keep it until so many are together, or until the first of them has waited so long; then shuffle them."""
        attempt.state = "held"
        self._gathered.append(attempt)
        if len(self._gathered) >= company:
            self._scatter(self._gathered)
        elif len(self._gathered) == 1:
            # What is left over must not wait for company that never comes.
            asyncio.get_running_loop().call_later(seconds, self._scatter, self._gathered)

    def release(self, *, shuffled: bool) -> list[Attempt]:
        """Let go of all that waits, in the order in which it came or in another; answers them in order."""
        freed = sorted(self._gathered + self._held, key=lambda attempt: attempt.at)
        self._gathered, self._held = [], []
        self._go(freed, shuffled=shuffled)
        return freed

    def _scatter(self, gathered: list[Attempt]) -> None:
        if gathered is self._gathered:
            self._gathered = []
            self._go(gathered, shuffled=True)

    def _go(self, attempts: list[Attempt], *, shuffled: bool) -> None:
        before = list(attempts)
        while shuffled and len(attempts) > 1 and attempts == before:
            self._draw.shuffle(attempts)
        for attempt in attempts:
            attempt.state = "waiting"
        if attempts:
            self._leave(attempts)
