"""Disputes: retrieve, list, update, close."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import disputes, expansion, metadata
from sandbox.stripe.fields import flag, nested, text
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.parameters import CURSORS, Parameters

URL = "/v1/disputes"

_ONE = expansion.of("dispute")
UPDATE: Parameters = {
    "evidence": nested(dict.fromkeys(disputes.EVIDENCE, text(20_000))),
    "expand": _ONE,
    "metadata": metadata.read,
    "submit": flag,
}
LIST: Parameters = {
    **CURSORS,
    "charge": text(),
    "expand": expansion.of("dispute", listed=True),
    "payment_intent": text(),
}


def retrieve(call: Call) -> dict[str, Any]:
    """One dispute as it stands now."""
    return call.sandbox.disputes.get(call.object_id)


def list_disputes(call: Call) -> dict[str, Any]:
    """Disputes, newest first, of one intent or charge if that is given."""
    return call.sandbox.disputes.page(call.wanted, url=URL, keep=call.selects("payment_intent", "charge"))


def update(call: Call) -> dict[str, Any]:
    """Change metadata, send evidence."""
    return disputes.update(call.sandbox, retrieve(call), call.wanted, origin=call.origin)


def close(call: Call) -> dict[str, Any]:
    """Give in: the dispute is lost."""
    return disputes.close(call.sandbox, retrieve(call), won=False, origin=call.origin)


OPERATIONS = (
    ("GET", URL, Operation(list_disputes, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, {"expand": _ONE})),
    ("POST", URL + "/{id}", Operation(update, UPDATE)),
    ("POST", URL + "/{id}/close", Operation(close, {"expand": _ONE})),
)
