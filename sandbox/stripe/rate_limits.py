"""How many requests a second Stripe takes: off unless a load test wants to meet it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.stripe import errors

AN_ENDPOINT = 25
IN_ALL = 100


@dataclass
class _Bucket:
    """Refilled evenly, and never holds more than one second's worth."""

    rate: int
    left: float
    filled: float

    def has_one(self, now: float) -> bool:
        self.left = min(self.rate, self.left + (now - self.filled) * self.rate)
        self.filled = now
        return self.left >= 1


class RateLimits:
    """One bucket for each operation and one for all of them, by the machine's clock."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, operation: str) -> None:
        """Let one request through, or refuse it with `rate_limit` and say which limit it met."""
        now = time.monotonic()
        whole, own = self._bucket("", IN_ALL, now), self._bucket(operation, AN_ENDPOINT, now)
        for bucket, reason in ((whole, "global-rate"), (own, "endpoint-rate")):
            if not bucket.has_one(now):
                raise errors.too_many(reason)
        whole.left -= 1
        own.left -= 1

    def _bucket(self, name: str, rate: int, now: float) -> _Bucket:
        return self._buckets.setdefault(name, _Bucket(rate, rate, now))
