"""How one parameter of a form is read: each reader answers the value or refuses it by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.stripe import errors
from sandbox.stripe.forms import Form

Reader = Callable[[str, "str | Form"], Any]

_INTEGER = re.compile(r"^[+-]?\d+$", re.ASCII)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def read(form: Form, readers: Mapping[str, Reader], within: str = "") -> dict[str, Any]:
    """Every given parameter, read; refuses one that no reader expects with `parameter_unknown`."""
    values = {}
    for name, raw in form.items():
        full = f"{within}[{name}]" if within else name
        if name not in readers:
            raise errors.unknown_parameter(full)
        values[name] = readers[name](full, raw)
    return values


def integer(name: str, raw: str | Form) -> int:
    """A whole number."""
    written = _plain(name, raw)
    if not _INTEGER.match(written):
        raise errors.invalid(f"Invalid integer: {written}", param=name, code="parameter_invalid_integer")
    return int(written[:20])


def flag(name: str, raw: str | Form) -> bool:
    """`true` or `false`."""
    written = _plain(name, raw)
    if written not in ("true", "false"):
        raise errors.invalid(f"Invalid boolean: {written}", param=name)
    return written == "true"


def text(longest: int = 5000) -> Reader:
    """A reader of text up to a length; empty text counts as not given."""

    def reader(name: str, raw: str | Form) -> str | None:
        written = _plain(name, raw)
        if len(written) > longest:
            raise errors.invalid(f"Invalid string: {name} is at most {longest} characters", param=name)
        return written or None

    return reader


def email(name: str, raw: str | Form) -> str | None:
    """Something that looks like an e-mail address."""
    written = _plain(name, raw)
    if written and not _EMAIL.match(written):
        raise errors.invalid(f"Invalid email address: {written}", param=name, code="email_invalid")
    return written or None


def anything(name: str, raw: str | Form) -> str | Form:
    """Whatever is written; nobody looks at it."""
    return raw


def choice(*choices: str) -> Reader:
    """A reader of one of the words given."""

    def reader(name: str, raw: str | Form) -> str:
        written = _plain(name, raw)
        if written not in choices:
            raise errors.invalid(f"Invalid {name}: must be one of {', '.join(choices)}", param=name)
        return written

    return reader


def many(each: Reader) -> Reader:
    """A reader of a list, written with indices or with empty brackets."""

    def reader(name: str, raw: str | Form) -> list[Any]:
        if not isinstance(raw, dict) or not all(index.isdecimal() for index in raw):
            raise errors.invalid(f"Invalid array: {name}", param=name)
        return [each(f"{name}[{index}]", raw[index]) for index in sorted(raw, key=int)]

    return reader


def nested(readers: Mapping[str, Reader]) -> Reader:
    """A reader of a hash with known names."""

    def reader(name: str, raw: str | Form) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise errors.invalid(f"Invalid hash: {name}", param=name)
        return read(raw, readers, within=name)

    return reader


def moment(name: str, raw: str | Form) -> dict[str, int]:
    """A Unix time, or bounds on one: gt, gte, lt, lte."""
    if isinstance(raw, dict):
        return read(raw, dict.fromkeys(("gt", "gte", "lt", "lte"), integer), within=name)
    exact = integer(name, raw)
    return {"gte": exact, "lte": exact}


def _plain(name: str, raw: str | Form) -> str:
    if isinstance(raw, dict):
        raise errors.invalid(f"Invalid string: {name} does not take a hash", param=name)
    return raw
