"""A machine that books, pays, loses, repeats and forgets, beside a reference model that says what must come of it."""

import os
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings as options
from hypothesis.stateful import run_state_machine_as_test

from tests.cast import Sandbox
from tests.model.machine import Machine
from tests.model.play import Tally
from tests.model.world import World

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES") or 20)
STEPS = 40


def play(world: World, settings: Any, *, examples: int, shrink: bool = True) -> Tally:
    """Run the machine; the same examples every time."""
    tally = Tally()
    machine = type("Studio", (Machine,), {"world": world, "settings": settings, "tally": tally})
    phases = [Phase.generate, *([Phase.shrink] if shrink else [])]
    chosen = options(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=True,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(machine, settings=chosen)
    return tally


def test_whatever_happens_the_program_does_what_the_model_says(sandbox: Sandbox, settings: Any) -> None:
    began = time.monotonic()
    tally = play(World(sandbox), settings, examples=EXAMPLES)
    print(f"{tally.plays} plays, {tally.steps} steps in {time.monotonic() - began:.0f} s")
    for counts in (tally.rules, tally.answers, tally.reached):
        print(dict(counts.most_common()))
