"""The loads of `make bench`: each is measured beside its yardstick, in turns, and the middle of its turns counts."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench import asking, crowd
from bench.load import Load, send

CLIENTS = 16
# The rate of the one is to be so many times the rate of the other.
RATIOS = (
    ("booking, spread", "yardstick, spread", 1.5),
    ("booking, hot", "yardstick, hot", 1.5),
    ("refusal", "booking, hot", 3.0),
    ("webhook", "yardstick, spread", 2.0),
    ("schedule", "empty view", 0.5),
)


@dataclass(frozen=True)
class Case:
    """One load: who answers it, the requests of one turn, and the statuses that count."""

    name: str
    base: str
    requests: Callable[[], list[str]]
    statuses: tuple[int, ...] = (200, 201)


@dataclass(frozen=True)
class Measured:
    """The turns of one case."""

    case: Case
    turns: list[Load]

    @property
    def rate(self) -> float:
        return statistics.median(turn.rate(*self.case.statuses) for turn in self.turns)

    @property
    def p99(self) -> float:
        return statistics.median(turn.p99 for turn in self.turns)

    @property
    def failures(self) -> int:
        return sum(turn.failures for turn in self.turns)

    def against(self, other: Measured) -> float:
        """The ratio of the rates, turn by turn: the middle of them."""
        return statistics.median(
            mine.rate(*self.case.statuses) / max(theirs.rate(*other.case.statuses), 0.001)
            for mine, theirs in zip(self.turns, other.turns, strict=True)
        )


def against(one: str, other: str) -> str:
    """What a ratio is called."""
    return f"{one} : {other}"


def cases(product: str, yardstick: str) -> list[Case]:
    """Those that are measured at every size."""
    return [
        Case("booking, spread", product, asking.bookings),
        Case("yardstick, spread", yardstick, lambda: asking.reservations(hot=False)),
        Case("booking, hot", product, lambda: asking.bookings(crowd.HOT)),
        Case("yardstick, hot", yardstick, lambda: asking.reservations(hot=True)),
        Case("refusal", product, lambda: asking.bookings(crowd.FULL), (409,)),
        Case("webhook", product, asking.successes),
        Case("schedule", product, asking.schedule),
        Case("empty view", yardstick, asking.empty),
        Case("empty view behind a token", yardstick, asking.empty_behind_a_token),
    ]


def take_turns(cases: list[Case], *, turns: int, seconds: float) -> dict[str, Measured]:
    """Each case once in every turn, so that what else the machine does meets all of them alike."""
    found: dict[str, list[Load]] = {case.name: [] for case in cases}
    for case in cases:  # connections, caches and plans are there from now on
        send(case.base, case.requests(), clients=CLIENTS, seconds=1)
    for _turn in range(turns):
        for case in cases:
            load = send(case.base, case.requests(), clients=CLIENTS, seconds=seconds)
            if any(status < 500 and status not in case.statuses for status in load.codes):
                raise SystemExit(
                    f"bench: {case.name} was answered {load.codes}: take fewer turns if members came again"
                )
            found[case.name].append(load)
            print(
                f"    {case.name}: {load.rate(*case.statuses):.0f}/s, p99 {load.p99:.0f} ms, {load.codes}", flush=True
            )
    return {case.name: Measured(case, found[case.name]) for case in cases}
