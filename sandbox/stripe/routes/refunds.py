"""Refunds: create, retrieve, update, list, cancel."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import expansion, metadata, refunds
from sandbox.stripe.fields import choice, email, flag, integer, text
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.parameters import CURSORS, Parameters

URL = "/v1/refunds"

_ONE = expansion.of("refund")
CREATE: Parameters = {
    "amount": integer,
    "charge": text(),
    "expand": _ONE,
    "instructions_email": email,
    "metadata": metadata.read,
    "payment_intent": text(),
    "reason": choice(*refunds.REASONS),
    "refund_application_fee": flag,
    "reverse_transfer": flag,
}
LIST: Parameters = {
    **CURSORS,
    "charge": text(),
    "expand": expansion.of("refund", listed=True),
    "payment_intent": text(),
}


def create(call: Call) -> dict[str, Any]:
    """Give back what a charge took, or a part of it."""
    return refunds.create(call.sandbox, call.wanted, origin=call.origin)


def retrieve(call: Call) -> dict[str, Any]:
    """One refund as it stands now."""
    return call.sandbox.refunds.get(call.object_id)


def update(call: Call) -> dict[str, Any]:
    """Change the metadata of a refund."""
    refund = retrieve(call)
    if "metadata" not in call.wanted:
        return refund
    return refunds.update(call.sandbox, refund, call.wanted["metadata"], origin=call.origin)


def list_refunds(call: Call) -> dict[str, Any]:
    """Refunds, newest first, of one intent or charge if that is given."""
    return call.sandbox.refunds.page(call.wanted, url=URL, keep=call.selects("payment_intent", "charge"))


def cancel(call: Call) -> dict[str, Any]:
    """Refused: no card refund waits for its payer."""
    return refunds.cancel(retrieve(call))


OPERATIONS = (
    ("POST", URL, Operation(create, CREATE)),
    ("GET", URL, Operation(list_refunds, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, {"expand": _ONE})),
    ("POST", URL + "/{id}", Operation(update, {"expand": _ONE, "metadata": metadata.read})),
    ("POST", URL + "/{id}/cancel", Operation(cancel, {"expand": _ONE})),
)
