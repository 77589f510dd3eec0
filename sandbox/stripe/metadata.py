"""Metadata: up to 50 pairs of text that belong to the account, not to Stripe."""

from __future__ import annotations

from sandbox.stripe import errors
from sandbox.stripe.forms import Form

MOST_PAIRS = 50
LONGEST_KEY = 40
LONGEST_VALUE = 500

Change = dict[str, str] | None  # None unsets everything; an empty value unsets its key


def read(name: str, raw: str | Form) -> Change:
    """At most 50 pairs, keys up to 40 characters without brackets, values up to 500."""
    if raw == "":
        return None
    if not isinstance(raw, dict):
        raise errors.invalid("Invalid hash: metadata", param=name)
    if len(raw) > MOST_PAIRS:
        raise _too_many(name)
    pairs: dict[str, str] = {}
    for key, value in raw.items():
        if isinstance(value, dict):
            raise errors.invalid(f"Invalid string: {name}[{key}] does not take a hash", param=f"{name}[{key}]")
        if len(key) > LONGEST_KEY:
            raise errors.invalid(f"Metadata keys can be at most {LONGEST_KEY} characters: {key}", param=name)
        if len(value) > LONGEST_VALUE:
            message = f"Metadata values can be at most {LONGEST_VALUE} characters: see {key}"
            raise errors.invalid(message, param=f"{name}[{key}]")
        pairs[key] = value
    return pairs


def merged(kept: dict[str, str], change: Change) -> dict[str, str]:
    """The pairs after a change, as a new dictionary: objects that were shown keep what they had."""
    if change is None:
        return {}
    after = {key: value for key, value in (kept | change).items() if value}
    if len(after) > MOST_PAIRS:
        raise _too_many("metadata")
    return after


def _too_many(name: str) -> errors.StripeError:
    return errors.invalid(f"Metadata can have at most {MOST_PAIRS} keys", param=name)
