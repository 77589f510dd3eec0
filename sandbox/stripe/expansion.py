"""The `expand` parameter: an identifier replaced by the object it names."""

from __future__ import annotations

from typing import Any

from sandbox.state import Sandbox
from sandbox.stripe import errors
from sandbox.stripe.fields import Reader, many
from sandbox.stripe.forms import Form

Json = dict[str, Any]

DEEPEST = 4

# By kind of object: what of it can be expanded, and into what kind.
_LINKS = {
    "payment_intent": {"customer": "customer", "latest_charge": "charge", "payment_method": "payment_method"},
    "charge": {"customer": "customer", "payment_intent": "payment_intent", "refunds": "refunds"},
    "refund": {
        "charge": "charge",
        "customer": "customer",
        "payment_intent": "payment_intent",
        "payment_method": "payment_method",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "payment_method": {"customer": "customer"},
    "customer": {},
    "event": {},
    "refunds": {"data": "refund"},
}


def of(kind: str, *, listed: bool = False) -> Reader:
    """A reader of `expand` for an object of that kind, or for a list of them; refuses what cannot be expanded."""

    def path(name: str, raw: str | Form) -> list[str]:
        steps = raw.split(".") if isinstance(raw, str) else []
        within = steps[1:] if listed and steps[:1] == ["data"] else steps
        if not within or (listed and within == steps) or len(steps) > DEEPEST or not _leads(kind, within):
            hint = f" You may want to try expanding 'data.{raw}' instead." if listed and _leads(kind, steps) else ""
            raise errors.invalid(f"This property cannot be expanded ({raw}).{hint}", param="expand")
        return within

    return many(path)


def _leads(kind: str, steps: list[str]) -> bool:
    for step in steps:
        if step not in _LINKS[kind]:
            return False
        kind = _LINKS[kind][step]
    return bool(steps)


def expanded(sandbox: Sandbox, thing: Json, paths: list[list[str]]) -> Json:
    """The answer with what the request wanted in full; the stored objects stay as they are."""
    for path in paths:
        if thing["object"] == "list":
            thing = thing | {"data": [_with(sandbox, each, path) for each in thing["data"]]}
        else:
            thing = _with(sandbox, thing, path)
    return thing


def _with(sandbox: Sandbox, thing: Json, path: list[str]) -> Json:
    step, *rest = path
    inner = thing.get(step)
    if step == "refunds" and inner is None:
        inner = _refunds(sandbox, thing)
    elif isinstance(inner, str):
        inner = _found(sandbox, _LINKS[thing["object"]][step], inner)
    if inner is None or isinstance(inner, str):
        return thing
    if rest and inner["object"] == "list":
        inner = inner | {"data": [_with(sandbox, each, rest[1:]) for each in inner["data"]]} if rest[1:] else inner
    elif rest:
        inner = _with(sandbox, inner, rest)
    return thing | {step: inner}


def _refunds(sandbox: Sandbox, charge: Json) -> Json:
    url = f"/v1/charges/{charge['id']}/refunds"
    return sandbox.refunds.page({}, url=url, keep=lambda refund: refund["charge"] == charge["id"])


def _found(sandbox: Sandbox, kind: str, identifier: str) -> Json | None:
    shelf = {
        "charge": sandbox.charges,
        "customer": sandbox.customers,
        "payment_intent": sandbox.intents,
        "payment_method": sandbox.methods,
    }[kind]
    return shelf.find(identifier)
