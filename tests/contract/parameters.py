"""What Stripe's SDK says of the parameters of each call, held against what is really handed to it."""

import inspect
import re
import sys
import typing
from collections.abc import Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Any

import pydantic
import stripe
import typing_extensions
from stripe import RequestOptions

STRICT = pydantic.ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
# The SDK imports these names for type checkers only.
UNSPOKEN = {"StripeContext": stripe.StripeContext, "Mapping": Mapping, "Optional": typing.Optional}
# Options travel beside the parameters: among them they would be sent as parameters.
OPTIONS = set(RequestOptions.__annotations__)


def problems(kind: type, given: Mapping[str, Any] | None, where: str) -> list[str]:
    """What is unknown, missing, misspelt or of the wrong type in the parameters of one call, at any depth."""
    try:
        checker(kind).validate_python(dict(given or {}))
    except pydantic.ValidationError as error:
        return [f"{where}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    return []


def declared(act: Any) -> type | None:
    """The type of `params` that a method of one of the SDK's services declares; None when it takes none."""
    annotation = inspect.get_annotations(act).get("params")
    if annotation is None:
        return None
    named = re.search(r"\w+Params\b", str(annotation))
    assert named, annotation
    return getattr(stripe.params, named[0])


@cache
def checker(kind: type) -> pydantic.TypeAdapter[Any]:
    """A strict reader of one of the SDK's parameter types: its own copy, made once."""
    return pydantic.TypeAdapter(_strict(kind, {}))


def _strict(annotation: Any, known: dict[type, Any]) -> Any:
    """The annotation with every nested TypedDict closed and every enum without its open end."""
    if typing_extensions.is_typeddict(annotation):
        return _closed(annotation, known)
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, UnionType):
        return typing.Union[tuple(_strict(one, known) for one in _without_open_end(inner))]  # noqa: UP007
    if origin in (typing_extensions.NotRequired, typing_extensions.Required):
        return origin[_strict(inner[0], known)]
    if origin is list:
        return list[_strict(inner[0], known)]
    if origin is dict:
        return dict[inner[0], _strict(inner[1], known)]
    return annotation


def _closed(kind: Any, known: dict[type, Any]) -> Any:
    if kind not in known:
        module = sys.modules[kind.__module__]
        hints = typing_extensions.get_type_hints(
            kind, globalns={**UNSPOKEN, **vars(stripe.params), **vars(module)}, include_extras=True
        )
        required = set(kind.__required_keys__)
        known[kind] = None  # a type that holds itself would never end: the SDK has none
        fields = {
            name: _strict(hint, known) if name in required else typing_extensions.NotRequired[_bare(hint, known)]
            for name, hint in hints.items()
            if kind is RequestOptions or name not in OPTIONS
        }
        closed: Any = typing_extensions.TypedDict(kind.__name__, fields)  # type: ignore[operator]
        closed.__pydantic_config__ = STRICT
        known[kind] = closed
    assert known[kind] is not None, kind
    return known[kind]


def _bare(hint: Any, known: dict[type, Any]) -> Any:
    optional = typing.get_origin(hint) is typing_extensions.NotRequired
    return _strict(typing.get_args(hint)[0] if optional else hint, known)


def _without_open_end(members: Iterable[Any]) -> list[Any]:
    """`Literal["a", "b"] | str` takes any text; what is meant is "a" or "b", or "" to take a value back."""
    members = list(members)
    literal = any(typing.get_origin(one) is typing_extensions.Literal for one in members)
    return [one for one in members if not (literal and one is str)]
