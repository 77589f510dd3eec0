"""What was answered under an idempotency key, so that a repeated request is answered the same and done once."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.replies import Reply
from sandbox.stripe import errors

KEPT_SECONDS = 24 * 60 * 60
LONGEST_KEY = 255


@dataclass
class _Kept:
    fingerprint: str
    since: int
    reply: Reply | None = None  # None while the first request is still being worked on


class IdempotencyKeys:
    """The keys of every account key, for a day each."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def claim(self, account: str, key: str, fingerprint: str, *, now: int) -> Reply | None:
        """The stored answer, or None when the caller must execute now and then `keep` or `forget`."""
        if len(key) > LONGEST_KEY:
            raise errors.invalid(f"Idempotency keys can be at most {LONGEST_KEY} characters")
        self._expire(now)
        kept = self._kept.get((account, key))
        if kept is None:
            self._kept[account, key] = _Kept(fingerprint, now)
            return None
        if kept.reply is None:
            raise errors.key_in_use(key)
        if kept.fingerprint != fingerprint:
            raise errors.key_reused(key)
        return kept.reply

    def keep(self, account: str, key: str, reply: Reply) -> None:
        """Store the answer of a request that was executed."""
        if kept := self._kept.get((account, key)):
            kept.reply = reply

    def forget(self, account: str, key: str) -> None:
        """Let the key be used anew: nothing was executed under it."""
        self._kept.pop((account, key), None)

    def _expire(self, now: int) -> None:
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].since > now - KEPT_SECONDS:
                return
            del self._kept[oldest]
