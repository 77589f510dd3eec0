"""A fault as people write it on a command line: `webhook_dropped probability=0.2 type=payment_intent.*`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from sandbox.faults.script import Fault


def _count(written: str) -> int | None:
    return None if written == "forever" else int(written)


def _flag(written: str) -> bool:
    if written not in ("yes", "no"):
        raise ValueError("yes or no is wanted")
    return written == "yes"


# How each thing a script says is read, how its value is called, and what it means.
FIELDS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "method": (str, "METHOD", "of the requests it waits for"),
    "path": (str, "REGEX", "searched in the path of requests"),
    "type": (str, "PATTERN", "of the events it waits for, as payment_intent.*; of a message, its status"),
    "times": (_count, "N", "how often it strikes, or forever (default: once; forever with a probability)"),
    "after": (int, "N", "how many matches it lets pass first"),
    "probability": (float, "P", "of striking a match, 0 to 1, drawn from the seed"),
    "status": (int, "STATUS", "that is answered, 400 to 599"),
    "seconds": (float, "SECONDS", "how long it takes"),
    "copies": (int, "N", "how many deliveries: made of one, or gathered to be shuffled"),
    "extra": (_flag, "yes|no", "an altered delivery comes before the true one, not in its place"),
    "lock": (_flag, "yes|no", "a 429 is lock_timeout, which asks for a retry"),
    "stored": (_flag, "yes|no", "whether an idempotency key keeps the false answer"),
}  # fmt: skip


def script(kind: str, said: dict[str, str]) -> dict[str, Any]:
    """The script of a fault from written values; ValueError says what is wrong with them."""
    told: dict[str, Any] = {"fault": kind}
    for name, written in said.items():
        if name not in FIELDS:
            raise ValueError(f"{name}: unknown; known are {', '.join(FIELDS)}")
        try:
            told[name] = FIELDS[name][0](written)
        except ValueError as error:
            raise ValueError(f"{name}={written}: {FIELDS[name][1]} is wanted") from error
    if "probability" in told:
        told.setdefault("times", None)
    Fault.scripted(told)
    return told


def read(line: str) -> dict[str, Any]:
    """The script of a fault from one line; ValueError says what is wrong with it."""
    kind, *words = shlex.split(line) or [""]
    pairs = [word.partition("=") for word in words]
    if unclear := [name for name, equals, _ in pairs if not equals]:
        raise ValueError(f"{unclear[0]}: name=value is wanted")
    return script(kind, {name: value for name, _, value in pairs})
