"""Which requests came, with what, and how they were answered: never a credential, a card or a client secret."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from sandbox import redaction

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
    parameters: str = "{}"  # JSON: a tenth of the memory that the hashes themselves would take

    def __post_init__(self) -> None:
        self.path = redaction.text(self.path)

    def note(self, parameters: dict[str, Any]) -> None:
        """Write down what the request asked for, without what nobody may read."""
        self.parameters = json.dumps(redaction.parameters(parameters))

    def plain(self) -> dict[str, Any]:
        """The entry as plain data."""
        key = self.idempotency_key
        cleaned = {"idempotency_key": redaction.text(key) if key else key, "parameters": json.loads(self.parameters)}
        return asdict(self) | cleaned


class Journal:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_REMEMBERED)

    def add(self, entry: Entry) -> None:
        """Write a request down when it arrives; the entry is completed when it is answered."""
        self._entries.append(entry)

    def listed(
        self, *, path: re.Pattern[str] | None = None, method: str | None = None, last: int | None = None
    ) -> list[dict[str, Any]]:
        """The entries as plain data: those whose path matches, of that method, the last so many."""
        found = [
            entry
            for entry in self._entries
            if (path is None or path.search(entry.path)) and method in (None, entry.method)
        ]
        return [entry.plain() for entry in (found if last is None else found[max(0, len(found) - last) :])]

    def newest(self, count: int) -> list[dict[str, Any]]:
        """The latest entries as plain data, newest first; does not look at the older ones."""
        return [entry.plain() for entry in islice(reversed(self._entries), count)]
