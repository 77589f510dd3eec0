"""Charges: retrieve, list."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import expansion
from sandbox.stripe.fields import text
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.parameters import CURSORS, Parameters

URL = "/v1/charges"

LIST: Parameters = {
    **CURSORS,
    "customer": text(),
    "expand": expansion.of("charge", listed=True),
    "payment_intent": text(),
}


def retrieve(call: Call) -> dict[str, Any]:
    """One charge as it stands now."""
    return call.sandbox.charges.get(call.object_id)


def list_charges(call: Call) -> dict[str, Any]:
    """Charges, newest first, of one intent or customer if that is given."""
    return call.sandbox.charges.page(call.wanted, url=URL, keep=call.selects("payment_intent", "customer"))


OPERATIONS = (
    ("GET", URL, Operation(list_charges, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, {"expand": expansion.of("charge")})),
)
