"""Which parameters each operation takes; every other one is refused by name."""

from __future__ import annotations

from sandbox.stripe.expansion import IN_LIST, IN_ONE
from sandbox.stripe.fields import Reader, choice, email, flag, integer, many, metadata, moment, nested, text
from sandbox.stripe.intents import CANCEL_REASONS

Parameters = dict[str, Reader]

# From this API version on, `payment_method_types` is refused on payment intents.
TYPES_REMOVED = "2026-09-30"

_TYPES = many(choice("card", "link"))
_CURSORS: Parameters = {
    "limit": integer,
    "starting_after": text(),
    "ending_before": text(),
    "created": moment,
}

CREATE: Parameters = {
    "allowed_payment_method_types": _TYPES,
    "amount": integer,
    "automatic_payment_methods": nested({"enabled": flag, "allow_redirects": choice("always", "never")}),
    "capture_method": choice("automatic", "automatic_async"),
    "confirm": flag,
    "currency": text(3),
    "customer": text(),
    "description": text(1000),
    "expand": IN_ONE,
    "metadata": metadata,
    "payment_method": text(),
    "payment_method_types": _TYPES,
    "receipt_email": email,
    "return_url": text(),
    "setup_future_usage": choice("off_session", "on_session"),
    "statement_descriptor_suffix": text(22),
}

RETRIEVE: Parameters = {"client_secret": text(), "expand": IN_ONE}

CONFIRM: Parameters = {
    "allowed_payment_method_types": _TYPES,
    "client_secret": text(),
    "expand": IN_ONE,
    "payment_method": text(),
    "payment_method_types": _TYPES,
    "receipt_email": email,
    "return_url": text(),
    "setup_future_usage": choice("off_session", "on_session"),
}

CANCEL: Parameters = {"cancellation_reason": choice(*CANCEL_REASONS), "expand": IN_ONE}

LIST_INTENTS: Parameters = {**_CURSORS, "expand": IN_LIST, "customer": text()}

LIST_EVENTS: Parameters = {**_CURSORS, "type": text(), "types": many(text()), "delivery_success": flag}

RETRIEVE_EVENT: Parameters = {}
