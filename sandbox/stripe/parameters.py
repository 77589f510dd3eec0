"""Which parameters each operation takes; every other one is refused by name."""

from __future__ import annotations

from sandbox.stripe.expansion import IN_LIST, IN_ONE
from sandbox.stripe.fields import Reader, anything, choice, email, flag, integer, many, metadata, moment, nested, text
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

_ADDRESS = nested(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), text()))
_METHOD_DATA = nested(
    {
        "allow_redisplay": choice("always", "limited", "unspecified"),
        "billing_details": nested(
            {"address": _ADDRESS, "email": email, "name": text(), "phone": text(), "tax_id": text()}
        ),
        "card": nested({"cvc": text(), "exp_month": integer, "exp_year": integer, "number": text()}),
        "metadata": metadata,
        "radar_options": anything,
        "type": choice("card"),
        # What Stripe.js adds of its own.
        **dict.fromkeys(
            (
                "client_attribution_metadata", "guid", "muid", "pasted_fields", "payment_user_agent", "referrer", "sid",
                "time_on_page",
            ),
            anything,
        ),
    }
)  # fmt: skip
# What a request may say about its attempt to pay, whether it creates the intent or confirms it.
_ATTEMPT: Parameters = {
    "error_on_requires_action": flag,
    "mandate_data": anything,
    "off_session": anything,
    "payment_method": text(),
    "payment_method_data": _METHOD_DATA,
    "payment_method_options": anything,
    "radar_options": anything,
    "receipt_email": email,
    "return_url": text(),
    "setup_future_usage": choice("off_session", "on_session"),
    "shipping": nested(
        {"address": _ADDRESS, "carrier": text(), "name": text(), "phone": text(), "tracking_number": text()}
    ),
    "use_stripe_sdk": flag,
}

CREATE: Parameters = {
    **_ATTEMPT,
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
    "payment_method_types": _TYPES,
    "statement_descriptor_suffix": text(22),
}

RETRIEVE: Parameters = {"client_secret": text(), "expand": IN_ONE}

CONFIRM: Parameters = {
    **_ATTEMPT,
    "allowed_payment_method_types": _TYPES,
    "client_secret": text(),
    "expand": IN_ONE,
    "payment_method_types": _TYPES,
    # What Stripe.js adds of its own.
    **dict.fromkeys(("client_attribution_metadata", "client_context", "expected_payment_method_type"), anything),
}

CANCEL: Parameters = {"cancellation_reason": choice(*CANCEL_REASONS), "expand": IN_ONE}

LIST_INTENTS: Parameters = {**_CURSORS, "expand": IN_LIST, "customer": text()}

LIST_EVENTS: Parameters = {**_CURSORS, "type": text(), "types": many(text()), "delivery_success": flag}

RETRIEVE_EVENT: Parameters = {}
