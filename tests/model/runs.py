"""Runs of the machine: how many plays, how they differ, and what a run leaves on record."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as options
from hypothesis.stateful import run_state_machine_as_test

from tests.evidence.record import Record, write
from tests.model.machine import Machine
from tests.model.play import Tally
from tests.model.world import World

ASKED_FOR = os.environ.get("MODEL_EXAMPLES")
PLAYS = int(ASKED_FOR or 25)
STEPS = 50
# Hypothesis makes five mutants of every example it draws, each with one step copied onto another; plays that differ
# more find more. So each play has a seed of its own: its first example is the empty one, its second is drawn.
EXAMPLES_A_SEED = 2


# Which draws a seed stands for depends on what else is imported: the rarest outcomes may take more plays than usual.
MOST_TIMES = 4


def play(
    world: World,
    settings: Any,
    *,
    plays: int,
    enough: Callable[[Tally], bool] = lambda tally: True,
    shrink: bool = True,
) -> Tally:
    """Run the machine so many times, or up to four times as many until it was enough.

    Raises what it finds, with the shortest way to it.
    """
    tally = Tally()
    chosen = options(
        max_examples=EXAMPLES_A_SEED,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    for number in range(plays * MOST_TIMES):
        if number >= plays and enough(tally):
            break
        machine = type("Studio", (Machine,), {"world": world, "settings": settings, "tally": tally})
        run_state_machine_as_test(seed(number)(machine), settings=chosen)
    return tally


def record(tally: Tally, seconds: float) -> None:
    """Print what a run has done; when its size was asked for, write it down."""
    print(f"\n{tally.plays} plays, {tally.steps} steps in {seconds:.0f} s")
    counts = {"act": tally.rules, "answer": tally.answers, "outcome": tally.reached}
    for kind, counted in counts.items():
        print(f"{kind}s: " + ", ".join(f"{name} {number}" for name, number in counted.most_common()))
    if ASKED_FOR is None:
        return
    rows = [[kind, name, number] for kind, counted in counts.items() for name, number in sorted(counted.items())]
    write(
        Record(
            part="model",
            title="A machine beside a reference model",
            tried=f"{tally.plays} plays of up to {STEPS} steps each, over the real API and the sandbox's Stripe; after "
            "every step the laws hold, and program, Stripe and a reference model in plain Python agree.",
            command=f"MODEL_EXAMPLES={tally.plays} python -m tests.postgresql pytest tests/model/test_model.py",
            count=tally.steps,
            unit="steps",
            findings=0,
            seconds=round(seconds, 1),
            columns=["what", "name", "times"],
            rows=rows,
        )
    )
