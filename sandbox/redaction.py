"""What must not be read again: credentials, client secrets and card numbers, taken out of what is written down."""

from __future__ import annotations

import re
from typing import Any

REMOVED = "[removed]"
_LONGEST = 1000

# By name, whatever the value: a card whole, and everything that opens a door.
_NAMES = re.compile(
    r"^(card|cvc|number|exp_month|exp_year|client_secret|.*(secret|token|password|authorization|api_?key).*)$", re.I
)
# By look, wherever it stands.
_LOOKS = re.compile(
    r"\b(?:sk|rk|whsec)_\w+"  # keys and signing secrets
    r"|\b\w+_secret_\w+"  # client secrets
    r"|\b(?:Basic|Bearer)\s+\S+"
    r"|(?<![\w+])[2-6](?:[ -]?\d){12,18}(?!\w)",  # card numbers; a telephone number has its plus
    re.I,
)


# A body that is no form is read as one long name.
_PLAIN_NAME = re.compile(r"^[\w\[\].:<>-]{1,100}$")


def parameters(given: dict[str, Any]) -> dict[str, Any]:
    """The same parameters, at any depth, with what nobody may read replaced by `[removed]`."""
    return {_name(name): _value(name, value) for name, value in given.items()}


def text(written: str) -> str:
    """The same text without anything that looks like a key, a client secret or a card number; cut when very long."""
    return _LOOKS.sub(REMOVED, written)[:_LONGEST]


def _name(written: str) -> str:
    return text(written) if _PLAIN_NAME.match(written) else REMOVED


def _value(name: str, value: Any) -> Any:
    if name == "metadata" and isinstance(value, dict):  # the caller's own names: a "number" there is no card
        return {text(key): text(str(each)) for key, each in value.items()}
    if _NAMES.match(name):
        return REMOVED
    return parameters(value) if isinstance(value, dict) else text(str(value))
