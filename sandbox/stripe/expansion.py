"""The `expand` parameter: an identifier replaced by the object it names."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.fields import Reader, choice, many
from sandbox.stripe.operations import Call

Json = dict[str, Any]

IN_ONE: Reader = many(choice("payment_method"))
IN_LIST: Reader = many(choice("data.payment_method"))


def expanded(call: Call, thing: Json) -> Json:
    """The answer with the payment methods the request wanted in full; the stored objects stay as they are."""
    if not call.wanted.get("expand"):
        return thing
    if thing["object"] == "list":
        return thing | {"data": [_with_method(call, each) for each in thing["data"]]}
    return _with_method(call, thing)


def _with_method(call: Call, intent: Json) -> Json:
    identifier = intent["payment_method"]
    if identifier is None:
        return intent
    return intent | {"payment_method": call.sandbox.methods.get(identifier)}
