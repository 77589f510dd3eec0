"""Customers: whom a payment belongs to."""

from __future__ import annotations

from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import events, metadata

Json = dict[str, Any]

_GIVEN = ("address", "balance", "description", "email", "name", "phone", "preferred_locales", "shipping")


def create(sandbox: Sandbox, wanted: Json, *, origin: Json) -> Json:
    """A new customer."""
    identifier = mint("cus_", 14)
    customer: Json = {name: wanted.get(name) for name in _GIVEN} | {
        "id": identifier,
        "object": "customer",
        "balance": wanted.get("balance") or 0,
        "created": sandbox.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": identifier[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": metadata.merged({}, wanted.get("metadata", {})),
        "next_invoice_sequence": 1,
        "preferred_locales": wanted.get("preferred_locales") or [],
        "tax_exempt": "none",
        "test_clock": None,
    }
    sandbox.customers.put(customer)
    events.emit(sandbox, "customer.created", customer, request=origin)
    return customer


def update(sandbox: Sandbox, customer: Json, wanted: Json, *, origin: Json) -> Json:
    """Change what is given; metadata pair by pair."""
    after = {name: value for name, value in wanted.items() if name in _GIVEN}
    if "metadata" in wanted:
        after["metadata"] = metadata.merged(customer["metadata"], wanted["metadata"])
    previous = {name: customer[name] for name, value in after.items() if customer[name] != value}
    customer |= after
    if previous:
        events.emit(sandbox, "customer.updated", customer, request=origin, previous=previous)
    return customer
