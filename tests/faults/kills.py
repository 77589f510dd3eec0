"""Every crossing of a flow, met twice by a process that is killed there: once before it and once after it."""

import itertools
import os
import signal
import time
from dataclasses import dataclass, field

from django.core.management import call_command
from django.utils import timezone

from notifications import delivery
from notifications.models import Message
from payments.models import Payment
from tests.cast import Sandbox
from tests.faults import outsider, trial
from tests.faults.crossings import Crossing
from tests.faults.flows import Flow
from tests.faults.gate import Gate, Order, Way
from tests.faults.house import House
from tests.faults.recovery import Recovery
from tests.faults.trial import Line, Trial

MET_SECONDS = 10.0
# A crossing that is not met takes its time to be missed; after so many there is nothing more to learn.
MOST_MISSED = 3
QUIET_SECONDS = 0.15
# So many are recovered and judged together. More would fill the pages of Stripe's lists, and one flow reads these: it
# would meet a second page in some trials only.
BATCH = 40
ANSWER = Crossing("client", "the answer", 1)
SIDES = (Way.HOLD_BEFORE, Way.HOLD_AFTER)


@dataclass
class Proof:
    """What was found by counting, what was tried, and what was wrong."""

    flow: Flow
    counted: list[Crossing] = field(default_factory=list)
    tried: set[tuple[Crossing, Way]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    missed: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.flow.name}: {len(self.counted)} crossings counted, {len(self.tried)} kills tried, "
            f"{len(self.problems)} problems, {self.seconds:.1f} s"
        )


class Killer:
    """Goes through one flow."""

    def __init__(self, house: House, gate: Gate, sandbox: Sandbox) -> None:
        self.house = house
        self.gate = gate
        self.sandbox = sandbox
        self.recovery = Recovery(house, sandbox)
        self.trials: list[Trial] = []

    def prove(self, flow: Flow) -> Proof:
        """Count the crossings, kill at each, recover, and hold everything against the promises."""
        began = time.monotonic()
        proof = Proof(flow)
        proof.counted = self._undisturbed(flow)
        kills = list(itertools.product(proof.counted, SIDES))
        for start in range(0, len(kills), BATCH):
            for crossing, side in kills[start : start + BATCH]:
                if proof.missed < MOST_MISSED:
                    self._killed(flow, crossing, side, proof)
            proof.problems += self._judged(flow)
        proof.seconds = time.monotonic() - began
        return proof

    def _judged(self, flow: Flow) -> list[str]:
        """Recover all trials, hold them against the promises, and begin with an empty world."""
        self.gate.set(None)
        self.recovery.of_all(flow, self.trials)
        found = outsider.problems(self.trials, self.recovery)
        for one in self.trials:
            found += [f"{one.label}: {problem}" for problem in flow.truth(one)]
        self.trials.clear()
        self.recovery.problems.clear()
        assert delivery.lane.wait(20)
        self.house.kill_web()  # nothing of it is under way while the tables are emptied
        self.sandbox.reset()
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        return found

    def _trial(self, flow: Flow, label: str) -> Trial:
        if flow.slow:
            second = int(time.time())
            while int(time.time()) == second:
                time.sleep(0.02)
        one = trial.begin(label, len(self.trials), self.sandbox, **flow.session)
        self.trials.append(one)
        flow.scene(one)
        return one

    def _undisturbed(self, flow: Flow) -> list[Crossing]:
        one = self._trial(flow, f"{flow.name}, undisturbed")
        self.house.kill_web()
        self.gate.set(None)
        if flow.asks is None:
            status, output = self.house.command(*flow.runs(one))
            assert status in flow.exits, output
            return list(self.gate.seen)
        one.hears(trial.asked(self.house, flow.asks(one)))
        assert one.acknowledged, one.heard
        self._until_calm()
        counted = [*self.gate.seen, ANSWER]
        self.house.kill_web()  # each trial meets a process that has done nothing yet
        return counted

    def _until_calm(self) -> None:
        """Until what follows the commit has ended too."""
        deadline = time.monotonic() + MET_SECONDS
        waiting = Message.objects.filter(status__in=Message.WAITING, due_at__lte=timezone.now())
        voiding = Payment.objects.filter(status=Payment.Status.VOIDING)
        while waiting.exists() or voiding.exists() or not self.gate.quiet_for(QUIET_SECONDS):
            assert time.monotonic() < deadline, self.house.logged()
            time.sleep(0.01)

    def _killed(self, flow: Flow, crossing: Crossing, side: Way, proof: Proof) -> None:
        one = self._trial(flow, f"{flow.name}, killed {side.value.removeprefix('held ')}: {crossing}")
        self.gate.set(Order(crossing, side))
        met = self._kill_command(flow.runs(one)) if flow.asks is None else self._kill_web(flow, one, crossing, side)
        self.gate.release()
        if met:
            proof.tried.add((crossing, side))
        else:
            proof.missed += 1
            proof.problems.append(f"{one.label}: never met")
        uncounted = set(self.gate.seen) - set(proof.counted)
        proof.problems += [f"{one.label}: met {other}, which was not counted" for other in uncounted]
        if flow.asks is None:
            self.gate.set(None)
            self.recovery.of_command(flow, one)

    def _kill_command(self, words: tuple[str, ...]) -> bool:
        process = self.house.start_command(*words)
        met = self.gate.met.wait(MET_SECONDS)
        if met:
            os.kill(process, signal.SIGKILL)
        self.house.end_of_command()
        return met

    def _kill_web(self, flow: Flow, one: Trial, crossing: Crossing, side: Way) -> bool:
        assert flow.asks is not None
        line = Line(self.house)
        line.ask(flow.asks(one))
        if crossing != ANSWER:
            met = self.gate.met.wait(MET_SECONDS)
            self.house.kill_web()
            one.hears(line.answer())
        elif side == Way.HOLD_BEFORE:
            met = line.wait_until_answered()
            self.house.kill_web()
            line.hang_up()
        else:
            heard = line.answer()
            met = heard is not None
            one.hears(heard)
            self.house.kill_web()
        return met
