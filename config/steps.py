"""What a line of the first-run checklist says."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Whether a step is taken; some only somebody else can tell."""

    DONE = "done"
    TO_DO = "to do"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True)
class Step:
    """One step: how it stands, what is known of it, and what to do."""

    title: str
    state: State
    fact: str
    advice: str = ""

    @property
    def look(self) -> str:
        """Its state as the style sheet names it."""
        return self.state.name.lower()


def step(title: str, done: bool, fact: str, advice: str) -> Step:
    """A step that is taken, or is to be taken as the advice says."""
    return Step(title, State.DONE, fact) if done else Step(title, State.TO_DO, fact, advice)
