"""The script: which faults wait for which requests and events, and when each strikes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from sandbox.faults import kinds

_WANTED: dict[str, tuple[type, ...]] = {
    "fault": (str,), "method": (str,), "path": (str,), "type": (str,), "times": (int,), "after": (int,),
    "probability": (int, float), "status": (int,), "seconds": (int, float), "stored": (bool,), "lock": (bool,),
    "copies": (int,), "extra": (bool,),
}  # fmt: skip
_BOUNDS: dict[str, tuple[float, float]] = {
    "probability": (0, 1), "status": (400, 599), "copies": (2, 1000), "seconds": (0, 3600),
    "times": (0, 10**9), "after": (0, 10**9),
}  # fmt: skip


@dataclass
class Fault:
    """One scripted fault; `times` counts down to 0, and None is without end."""

    kind: str
    method: str | None
    path: re.Pattern[str]
    type: str
    times: int | None
    after: int
    probability: float
    status: int
    seconds: float
    stored: bool
    lock: bool
    copies: int
    extra: bool

    @classmethod
    def scripted(cls, script: dict[str, Any]) -> Fault:
        """A fault from its script; ValueError says what is wrong with it."""
        kind = script.get("fault")
        if kind not in kinds.KINDS:
            raise ValueError(f"fault must be one of {', '.join(kinds.KINDS)}")
        _check(kind, script)
        told = kinds.DEFAULTS.get(kind, {}) | {
            name: value for name, value in script.items() if value is not None or name == "times"
        }
        status = told.get("status", 429 if told.get("lock") else 500)
        return cls(
            kind=kind,
            method=told["method"].upper() if told.get("method") else None,
            path=re.compile(told.get("path", "")),
            type=told.get("type", "*"),
            times=told.get("times", 1),
            after=told.get("after", 0),
            probability=float(told.get("probability", 1)),
            status=status,
            seconds=float(told.get("seconds", 30)),
            stored=told.get("stored", status >= 500),
            lock=told.get("lock", False),
            copies=told.get("copies", 2),
            extra=told.get("extra", False),
        )

    def awaits(self, method: str, path: str) -> bool:
        """Whether this fault is for that request."""
        if self.kind not in kinds.REQUEST_KINDS or (self.kind in kinds.STRIPE_ONLY and not path.startswith("/v1/")):
            return False
        return self.method in (None, method) and self.path.search(path) is not None

    def awaits_event(self, kind: str) -> bool:
        """Whether this fault is for the delivery of an event of that type."""
        return self.kind in kinds.WEBHOOK_KINDS and fnmatchcase(kind, self.type)

    def awaits_callback(self, status: str) -> bool:
        """Whether this fault is for the callback that tells of that status."""
        return self.kind in kinds.CALLBACK_KINDS and fnmatchcase(status, self.type)

    def strikes(self, draw: Random) -> bool:
        """Whether it strikes what it has awaited this time, counted down; draws only where chance has a say."""
        if self.times == 0:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.probability < 1 and draw.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def plain(self) -> dict[str, Any]:
        """The fault as it stands now: all that its family of faults can say."""
        said = kinds.said_of(self.kind)
        whole = {"fault": self.kind} | vars(self) | {"path": self.path.pattern}
        return {name: value for name, value in whole.items() if name in said}


@dataclass(frozen=True)
class Struck:
    """What strikes one request: a wait at its beginning, and at most one other fault."""

    latency: float = 0.0
    fault: Fault | None = None

    @property
    def kind(self) -> str | None:
        """The kind of the fault; `latency` where it is the wait alone."""
        if self.fault is not None:
            return self.fault.kind
        return "latency" if self.latency else None


class FaultScript:
    """Faults in the order they were scripted; the first that strikes is the one, latency aside."""

    def __init__(self, draw: Random) -> None:
        self.faults: list[Fault] = []
        self._draw = draw

    def take(self, method: str, path: str) -> Struck:
        """What strikes that request."""
        latency, found = 0.0, None
        for fault in self.faults:
            if (fault.kind == "latency" or found is None) and fault.awaits(method, path) and fault.strikes(self._draw):
                if fault.kind == "latency":
                    latency += fault.seconds
                else:
                    found = fault
        return Struck(latency, found)

    def take_for_event(self, kind: str) -> Fault | None:
        """What strikes the delivery of an event of that type."""
        awaiting = (fault for fault in self.faults if fault.awaits_event(kind))
        return next((fault for fault in awaiting if fault.strikes(self._draw)), None)

    def take_for_callback(self, status: str) -> Fault | None:
        """What strikes the callback that tells of that status of a message."""
        awaiting = (fault for fault in self.faults if fault.awaits_callback(status))
        return next((fault for fault in awaiting if fault.strikes(self._draw)), None)


def _check(kind: str, script: dict[str, Any]) -> None:
    allowed = kinds.said_of(kind)
    if unknown := set(script) - allowed:
        raise ValueError(f"{kind} does not take {', '.join(sorted(unknown))}; it takes {', '.join(sorted(allowed))}")
    for name, value in script.items():
        if value is None:
            continue
        if not isinstance(value, _WANTED[name]) or (isinstance(value, bool) and bool not in _WANTED[name]):
            raise ValueError(f"{name}: {' or '.join(wanted.__name__ for wanted in _WANTED[name])} is wanted")
        least, most = _BOUNDS.get(name, (None, None))
        if least is not None and most is not None and not least <= script[name] <= most:
            raise ValueError(f"{name} must be between {least} and {most}")
    try:
        re.compile(script.get("path") or "")
    except re.error as error:
        raise ValueError(f"path is no regular expression: {error}") from error
