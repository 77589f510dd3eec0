"""Every statement of a request, spoilt in every way a database has: the answer tells the truth, or 503 and nothing."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from payments.models import StripeEvent
from tests.cast import Sandbox
from tests.faults import outsider, trial
from tests.faults.crossings import Crossing
from tests.faults.flows import Flow
from tests.faults.gate import Gate, Order, Way
from tests.faults.house import House
from tests.faults.recovery import Recovery
from tests.faults.trial import Heard, Trial

# What a transaction that was right may be let down by, and what will not pass while the request waits.
PASSING = {"40P01": "deadlock", "40001": "serialization failure", "57P01": "the server shuts down"}
STAYING = {
    "55P03": "lock timeout",
    "53300": "too many connections",
    "25006": "read only",
    "53100": "disk full",
    "57014": "statement timeout",
}
LOST = (Way.CUT_BEFORE, Way.CUT_AFTER)
FAILED = {**PASSING, **STAYING}
HEALTH = "(is it alive?)"


@dataclass(frozen=True)
class Fault:
    way: Way
    code: str = ""

    def __str__(self) -> str:
        return f"{self.code} {FAILED[self.code]}" if self.code else self.way.value


@dataclass
class Spoiled:
    """What was counted, tried, answered and found of one flow."""

    flow: Flow
    counted: list[Crossing] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        return self.answers.total()


def every_fault() -> list[Fault]:
    return [Fault(way) for way in LOST] + [Fault(Way.FAIL, code) for code in FAILED]


def some_faults(number: int) -> list[Fault]:
    """One that passes, one that stays, one connection lost, in turn; at a COMMIT both ways of losing it."""
    passing, staying = list(PASSING), list(STAYING)
    return [
        Fault(Way.FAIL, passing[number % len(passing)]),
        Fault(Way.FAIL, staying[number % len(staying)]),
        Fault(LOST[number % len(LOST)]),
    ]


class Spoiler:
    """Goes through one flow."""

    def __init__(self, house: House, gate: Gate, sandbox: Sandbox) -> None:
        self.house = house
        self.gate = gate
        self.sandbox = sandbox
        self.recovery = Recovery(house, sandbox)
        self.trials: list[Trial] = []

    def spoil(self, flow: Flow, *, everything: bool) -> Spoiled:
        """Count the statements, spoil each, ask again, and hold everything against the promises."""
        began = time.monotonic()
        spoiled = Spoiled(flow, self._statements(flow))
        for crossing, fault in self._faults(spoiled.counted, everything):
            self._spoilt(flow, crossing, fault, spoiled)
        self.gate.set(None)
        self.recovery.of_all(flow, self.trials)
        spoiled.problems += outsider.problems(self.trials, self.recovery)
        for one in self.trials:
            spoiled.problems += [f"{one.label}: {problem}" for problem in flow.truth(one)]
        spoiled.seconds = time.monotonic() - began
        return spoiled

    def _faults(self, counted: list[Crossing], everything: bool) -> Iterator[tuple[Crossing, Fault]]:
        for number, crossing in enumerate(counted):
            faults = every_fault() if everything else some_faults(number)
            if crossing.what == "COMMIT":
                faults = list(dict.fromkeys([*faults, *map(Fault, LOST)]))
            yield from itertools.product([crossing], faults)

    def _trial(self, flow: Flow, label: str) -> Trial:
        one = trial.begin(label, len(self.trials), self.sandbox, **flow.session)
        self.trials.append(one)
        flow.scene(one)
        return one

    def _statements(self, flow: Flow) -> list[Crossing]:
        """Those of a request over a connection that is there already, a second time."""
        assert flow.asks is not None
        for label in ("first", "undisturbed"):
            one = self._trial(flow, f"{flow.name}, {label}")
            self.gate.set(None)
            one.hears(trial.asked(self.house, flow.asks(one)))
            assert one.acknowledged, one.heard
        return [crossing for crossing in self.gate.seen if crossing.where == "database"]

    def _spoilt(self, flow: Flow, crossing: Crossing, fault: Fault, spoiled: Spoiled) -> None:
        assert flow.asks is not None
        one = self._trial(flow, f"{flow.name}, {crossing}: {fault}")
        self.gate.set(Order(crossing, fault.way, with_what=fault.code))
        heard = trial.asked(self.house, flow.asks(one))
        if not self.gate.met.is_set():
            spoiled.problems.append(f"{one.label}: never met")
        self.gate.set(None)
        one.hears(heard)
        spoiled.answers["503" if heard and heard.status == 503 else "success"] += 1
        spoiled.problems += [f"{one.label}: {problem}" for problem in _judged(flow, one, heard)]
        again = trial.asked(self.house, flow.asks(one)) if not one.acknowledged else None
        if again is not None:
            one.hears(again)
            if again.status >= 500:
                spoiled.problems.append(f"{one.label}: asked again, heard {again.status} {again.text}")


def _judged(flow: Flow, one: Trial, heard: Heard | None) -> list[str]:
    """Whether this is an answer that whoever asked can go on from."""
    if heard is None:
        return ["no answer"]
    found = []
    if not (heard.acknowledged or heard.status == 503):
        found.append(f"answered {heard.status} {heard.text}")
    if heard.status == 503:
        envelope = heard.json
        if "Retry-After" not in heard.headers or set(envelope) != {"type", "errors"}:
            found.append(f"503 without its envelope or Retry-After: {heard.text}")
    if flow.by_stripe and heard.acknowledged and not StripeEvent.objects.filter(event_id=one.event["id"]).exists():
        found.append("2xx for an event that is not stored")
    return found
