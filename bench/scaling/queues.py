"""Requests that stand in line, moment by moment, without a clock: a small simulation of discrete events.

A request is a generator. It yields a number of seconds to let them pass, `Take` to wait for one place of a resource,
and `Give` to free it. The same requests in the same order have the same outcome each time.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field


@dataclass
class Resource:
    """So many places, a line before them, and what was seen there."""

    name: str
    places: int
    free: int = 0
    line: deque[tuple[float, Request]] = field(default_factory=deque)
    waited: float = 0.0
    busy: float = 0.0
    since: float = 0.0

    def __post_init__(self) -> None:
        self.free = self.places

    def count(self, now: float) -> None:
        """Add what was occupied since the last change."""
        self.busy += (self.places - self.free) * (now - self.since)
        self.since = now


@dataclass(frozen=True)
class Take:
    resource: Resource


@dataclass(frozen=True)
class Give:
    resource: Resource


class Allowance:
    """So many in a second, and no more: what comes on top is refused, as Stripe does."""

    def __init__(self, per_second: int) -> None:
        self.most = self.left = float(per_second)
        self.since = 0.0

    def grants(self, now: float) -> bool:
        self.left = min(self.most, self.left + (now - self.since) * self.most)
        self.since = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


Request = Generator[float | Take | Give, None, None]


class Day:
    """What happens, in order of time; at one moment in the order in which it was said."""

    def __init__(self) -> None:
        self.now = 0.0
        self._said = 0
        self._events: list[tuple[float, int, Request]] = []

    def at(self, moment: float, request: Request) -> None:
        """Let a request begin then."""
        self._said += 1
        heapq.heappush(self._events, (moment, self._said, request))

    def run(self, until: float) -> None:
        """Let time pass; what has not happened by then does not happen."""
        while self._events and self._events[0][0] <= until:
            self.now, _, request = heapq.heappop(self._events)
            self._go_on(request)

    def _go_on(self, request: Request) -> None:
        for step in request:
            if isinstance(step, Take):
                if not self._taken(step.resource, request):
                    return
            elif isinstance(step, Give):
                self._given(step.resource)
            else:
                self.at(self.now + step, request)
                return

    def _taken(self, resource: Resource, request: Request) -> bool:
        if resource.free == 0:
            resource.line.append((self.now, request))
            return False
        resource.count(self.now)
        resource.free -= 1
        return True

    def _given(self, resource: Resource) -> None:
        """To the next in line at once, if there is one: it goes on at this same moment."""
        if resource.line:
            since, following = resource.line.popleft()
            resource.waited += self.now - since
            self.at(self.now, following)
        else:
            resource.count(self.now)
            resource.free += 1
