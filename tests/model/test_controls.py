"""The machine finds what a program without one of its guards does wrong, within four times its usual size."""

from typing import Any

import pytest

from tests.cast import Sandbox
from tests.model.runs import MOST_TIMES, PLAYS, play
from tests.model.unguarded import REPLACEMENTS
from tests.model.world import World


@pytest.mark.parametrize("guard", REPLACEMENTS)
def test_the_machine_sees_that(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch, guard: str) -> None:
    for owner, name, unguarded in REPLACEMENTS[guard]:
        monkeypatch.setattr(owner, name, unguarded)
    with pytest.raises(AssertionError):
        play(World(sandbox), settings, plays=PLAYS * MOST_TIMES, shrink=False)
