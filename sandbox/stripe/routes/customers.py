"""Customers: create, retrieve, update, list."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import customers, expansion, metadata
from sandbox.stripe.fields import email, integer, many, text
from sandbox.stripe.operations import Call, Operation
from sandbox.stripe.parameters import ADDRESS, CURSORS, SHIPPING, Parameters

URL = "/v1/customers"

_ONE = expansion.of("customer")
WRITE: Parameters = {
    "address": ADDRESS,
    "balance": integer,
    "description": text(),
    "email": email,
    "expand": _ONE,
    "metadata": metadata.read,
    "name": text(256),
    "phone": text(20),
    "preferred_locales": many(text()),
    "shipping": SHIPPING,
}
LIST: Parameters = {**CURSORS, "email": email, "expand": expansion.of("customer", listed=True)}


def create(call: Call) -> dict[str, Any]:
    """A new customer."""
    return customers.create(call.sandbox, call.wanted, origin=call.origin)


def retrieve(call: Call) -> dict[str, Any]:
    """One customer."""
    return call.sandbox.customers.get(call.object_id)


def update(call: Call) -> dict[str, Any]:
    """Change a customer."""
    return customers.update(call.sandbox, retrieve(call), call.wanted, origin=call.origin)


def list_customers(call: Call) -> dict[str, Any]:
    """Customers, newest first, with one e-mail address if that is given."""
    return call.sandbox.customers.page(call.wanted, url=URL, keep=call.selects("email"))


OPERATIONS = (
    ("POST", URL, Operation(create, WRITE)),
    ("GET", URL, Operation(list_customers, LIST)),
    ("GET", URL + "/{id}", Operation(retrieve, {"expand": _ONE})),
    ("POST", URL + "/{id}", Operation(update, WRITE)),
)
