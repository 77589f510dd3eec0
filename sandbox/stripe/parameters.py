"""Parameters that several operations take; whatever an operation does not declare is refused by name."""

from __future__ import annotations

from sandbox.stripe import metadata
from sandbox.stripe.fields import Reader, anything, choice, email, flag, integer, moment, nested, text

Parameters = dict[str, Reader]

CURSORS: Parameters = {
    "limit": integer,
    "starting_after": text(),
    "ending_before": text(),
    "created": moment,
}

ADDRESS = nested(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), text()))
SHIPPING = nested({"address": ADDRESS, "carrier": text(), "name": text(), "phone": text(), "tracking_number": text()})

_METHOD_DATA = nested(
    {
        "allow_redisplay": choice("always", "limited", "unspecified"),
        "billing_details": nested(
            {"address": ADDRESS, "email": email, "name": text(), "phone": text(), "tax_id": text()}
        ),
        "card": nested({"cvc": text(), "exp_month": integer, "exp_year": integer, "number": text()}),
        "metadata": metadata.read,
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

# What only some accounts or countries use is taken and not looked at.
_CARD_OPTIONS = {
    **dict.fromkeys(
        (
            "cvc_token", "installments", "mandate_options", "moto", "network", "request_extended_authorization",
            "request_incremental_authorization", "request_multicapture", "request_overcapture",
            "require_cvc_recollection", "setup_credential_usage", "statement_descriptor_suffix_kana",
            "statement_descriptor_suffix_kanji", "stored_credential_usage", "three_d_secure",
        ),
        anything,
    ),
    "capture_method": choice("manual"),
    "request_three_d_secure": choice("any", "automatic", "challenge"),
    "setup_future_usage": choice("none", "off_session", "on_session"),
}  # fmt: skip

# How an intent is to be paid, which creating, updating and confirming it may all say.
PAYING: Parameters = {
    "payment_method": text(),
    "payment_method_data": _METHOD_DATA,
    "payment_method_options": nested({"card": nested(_CARD_OPTIONS), "link": anything}),
    "receipt_email": email,
    "setup_future_usage": choice("off_session", "on_session"),
    "shipping": SHIPPING,
}

# What a request may say about its attempt to pay, whether it creates the intent or confirms it.
ATTEMPT: Parameters = {
    **PAYING,
    "error_on_requires_action": flag,
    "mandate_data": anything,
    "off_session": anything,
    "radar_options": anything,
    "return_url": text(),
    "use_stripe_sdk": flag,
}
