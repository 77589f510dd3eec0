"""Which requests came and how they were answered: never a credential, a query or a body."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

_REMEMBERED = 50_000


@dataclass
class Entry:
    """One request; `status` stays None when the connection was dropped before an answer."""

    at: float
    method: str
    path: str
    request_id: str
    idempotency_key: str | None
    status: int | None = None
    replayed: bool = False
    fault: str | None = None


class Journal:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_REMEMBERED)

    def add(self, entry: Entry) -> None:
        """Write a request down when it arrives; the entry is completed when it is answered."""
        self._entries.append(entry)

    def listed(self) -> list[dict[str, Any]]:
        """Every entry as plain data."""
        return [asdict(entry) for entry in self._entries]
