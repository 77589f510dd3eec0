"""Payment methods: retrieve; they are made by the payments that use them."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import expansion
from sandbox.stripe.operations import Call, Operation

URL = "/v1/payment_methods"


def retrieve(call: Call) -> dict[str, Any]:
    """One payment method."""
    return call.sandbox.methods.get(call.object_id, param="payment_method")


OPERATIONS = (("GET", URL + "/{id}", Operation(retrieve, {"expand": expansion.of("payment_method")})),)
