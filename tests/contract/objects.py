"""The objects of an answer against the SDK's own annotations, which follow its API version."""

import typing
from collections.abc import Iterator
from typing import Any

import stripe
from stripe._object_classes import get_object_class

PLAIN = (str, int, bool)


def of_answer(thing: dict[str, Any]) -> list[str]:
    """The problems of every object in an answer that has a class of its own: in a list, an event, an error too."""
    return [problem for each, where in _objects(thing, "answer") for problem in _named(each, where)]


def problems(kind: Any, thing: dict[str, Any], where: str) -> list[str]:
    """What is missing, null, unknown or of the wrong kind in a plain object."""
    wanted = {name: a for name, a in kind.__annotations__.items() if typing.get_origin(a) is not typing.ClassVar}
    found = [f"{where}.{name}: unknown" for name in thing if name not in wanted]
    for name, annotation in wanted.items():
        possible, value = members(annotation), thing.get(name)
        if value is None:
            found += [] if type(None) in possible else [f"{where}.{name}: missing or null"]
        else:
            found += _of_value(possible, value, f"{where}.{name}")
    return found


def members(annotation: Any) -> list[Any]:
    """The possible types of an annotation."""
    if typing.get_origin(annotation) is typing.Union:
        return [each for one in typing.get_args(annotation) for each in members(one)]
    return [annotation]


def _of_value(possible: list[Any], value: Any, where: str) -> list[str]:
    inner = [one for one in possible if isinstance(one, type) and issubclass(one, stripe.StripeObject)]
    words = [word for one in possible if typing.get_origin(one) is typing.Literal for word in typing.get_args(one)]
    lists = [one for one in possible if typing.get_origin(one) is list]
    if isinstance(value, dict) and inner and inner[0].__annotations__:
        return problems(inner[0], value, where)
    if isinstance(value, list) and lists:
        each = members(typing.get_args(lists[0])[0])
        return [problem for place, one in enumerate(value) for problem in _of_value(each, one, f"{where}[{place}]")]
    if words and isinstance(value, str):
        return [] if value in words else [f"{where}: {value!r} is none of its words"]
    if all(one in (*PLAIN, type(None)) for one in possible) and type(value) not in possible:
        return [f"{where}: {value!r}"]
    return []


def _objects(thing: Any, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(thing, list):
        for place, each in enumerate(thing):
            yield from _objects(each, f"{where}[{place}]")
    elif isinstance(thing, dict):
        if isinstance(thing.get("object"), str):
            yield thing, where
        for name, each in thing.items():
            yield from _objects(each, f"{where}.{name}")


def _named(thing: dict[str, Any], where: str) -> list[str]:
    kind = get_object_class("V1", thing["object"])
    if kind is stripe.StripeObject:
        return [f"{where}.object: {thing['object']!r} is no object of Stripe's"]
    return [] if kind is stripe.ListObject else problems(kind, thing, where)
