"""An answer before it goes out: status, bytes, headers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Reply:
    """What will be sent; frozen, so that it can be stored and sent again."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, thing: Any, headers: dict[str, str] | None = None) -> Reply:
        """A JSON answer, serialised now: what happens to the object later does not change it."""
        return cls(status, json.dumps(thing).encode(), headers or {})

    def response(self, extra: dict[str, str]) -> web.Response:
        """The same as an HTTP response, with headers of this one exchange."""
        return web.Response(
            status=self.status,
            body=self.body,
            content_type="application/json",
            headers={**self.headers, **extra},
        )
