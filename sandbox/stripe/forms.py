"""Form bodies with brackets: `metadata[colour]=red`, `expand[]=x`, `types[0]=y`."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from sandbox.stripe import errors

Form = dict[str, "str | Form"]

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


def decode(encoded: str) -> Form:
    """The nested form of an encoded body or query; lists stay hashes keyed by their index. Refuses malformed names."""
    form: Form = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        _put(form, name, value)
    return form


def readable(encoded: str) -> Form:
    """The same, as far as it can be read: a malformed name stays as it was written."""
    try:
        return decode(encoded)
    except errors.StripeError:
        return dict(parse_qsl(encoded, keep_blank_values=True))


def _put(form: Form, name: str, value: str) -> None:
    match = _NAME.match(name)
    if match is None:
        raise errors.invalid(f"Invalid parameter name: {name}", param=name)
    steps = [match[1], *_BRACKET.findall(match[2])]
    place = form
    for step in steps[:-1]:
        inner = place.setdefault(_key(place, step), {})
        if not isinstance(inner, dict):
            raise errors.invalid(f"Invalid hash: {steps[0]} is given as a value and as a hash", param=steps[0])
        place = inner
    last = _key(place, steps[-1])
    if isinstance(place.get(last), dict):
        raise errors.invalid(f"Invalid hash: {steps[0]} is given as a value and as a hash", param=steps[0])
    place[last] = value


def _key(place: Form, step: str) -> str:
    return step or str(len(place))
