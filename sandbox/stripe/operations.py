"""What an operation of the Stripe API is, and what it is told about the request it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.callers import Caller
from sandbox.state import Sandbox
from sandbox.stripe.fields import Reader


@dataclass(frozen=True)
class Call:
    """One request whose key and parameters were accepted."""

    sandbox: Sandbox
    caller: Caller
    method: str
    path: str
    version: str | None
    request_id: str
    idempotency_key: str | None
    object_id: str
    wanted: dict[str, Any]

    @property
    def origin(self) -> dict[str, Any]:
        """How an event names the request that caused it."""
        return {"id": self.request_id, "idempotency_key": self.idempotency_key}

    def selects(self, *names: str) -> Callable[[dict[str, Any]], bool]:
        """A filter for lists: whether an object has the values that were given for these of its members."""
        given = {name: self.wanted[name] for name in names if self.wanted.get(name)}
        return lambda thing: all(thing[name] == value for name, value in given.items())


@dataclass(frozen=True)
class Operation:
    """One thing the API does; with no parameters declared, any are taken."""

    act: Callable[[Call], dict[str, Any]]
    parameters: dict[str, Reader] | None = None
    publishable: bool = False
