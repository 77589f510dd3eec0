"""What was seen from outside: every answer a client got, every act of a payer, every blow; in order."""

import time
from dataclasses import dataclass, field
from typing import Any


class Clock:
    """Seconds since the storm began."""

    def __init__(self) -> None:
        self.began = time.time()

    def start(self) -> None:
        """Count from now on."""
        self.began = time.time()

    def now(self) -> float:
        return time.time() - self.began


@dataclass
class Answer:
    """What one client asked and was told; `status` is None where no answer came."""

    asked: float
    heard: float
    member: int
    act: str  # book, sync, cancel, look, grant, forge, create_session
    session: int | None = None
    key: str | None = None
    reference: str | None = None
    pay_with: str = ""
    status: int | None = None
    code: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def intent(self) -> str:
        """The intent whose secret came with the answer."""
        return str(self.body.get("stripe_client_secret", "")).split("_secret_")[0]


@dataclass
class Deed:
    """Something done to the program or around it, by a payer, a bank, an operator or the power supply."""

    at: float
    who: str
    what: str
    intent: str = ""
    reference: str = ""
    outcome: str = ""


class Notebook:
    """Everything that was seen in one run."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answers: list[Answer] = []
        self.deeds: list[Deed] = []
        self.kills: list[tuple[float, float]] = []  # from the order to the end of it
        self.over = self.ended = 0.0  # when the storm was over, and when everything was

    def note(self, who: str, what: str, **more: str) -> Deed:
        """Write down a deed as it begins."""
        deed = Deed(self.clock.now(), who, what, **more)
        self.deeds.append(deed)
        return deed
