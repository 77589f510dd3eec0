"""The PaymentIntent and the acts that move it; pure, so each act is told the time and its identifiers."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import cards, errors, metadata

Json = dict[str, Any]
Intent = Json

CONFIRMABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
CANCELLABLE = {*CONFIRMABLE, "requires_capture"}
# What of an intent can still be changed once it left those states.
ALWAYS = {"description", "metadata", "receipt_email", "shipping"}
CANCEL_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")

_NOT_AUTHENTICATED: Json = {
    "type": "invalid_request_error",
    "code": "payment_intent_authentication_failure",
    "message": "The payer was not authenticated. Confirm this PaymentIntent again with a new payment method.",
}
_NOBODY_TO_ASK: Json = {
    "type": "card_error",
    "code": "authentication_required",
    "decline_code": "authentication_required",
    "message": "Your card was declined. This transaction requires authentication.",
}
_NOT_SETTLED: Json = {
    "type": "card_error",
    "code": "card_declined",
    "decline_code": "processing_error",
    "message": "The bank could not complete this payment.",
}

_ABSENT = (
    "allowed_payment_method_types", "application", "application_fee_amount", "automatic_payment_methods", "canceled_at",
    "cancellation_reason", "customer", "customer_account", "description", "excluded_payment_method_types", "hooks",
    "last_payment_error", "latest_charge", "managed_payments", "next_action", "on_behalf_of", "payment_details",
    "payment_method", "payment_method_configuration_details", "payment_record", "presentment_details", "processing",
    "receipt_email", "review", "setup_future_usage", "shipping", "source", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_data", "transfer_group",
)  # fmt: skip


def open_intent(*, identifier: str, secret: str, now: int, wanted: Json) -> Intent:
    """A new intent in `requires_payment_method`, from checked parameters; amounts in minor units."""
    allowed = wanted.get("allowed_payment_method_types") or wanted.get("payment_method_types")
    automatic = wanted.get("automatic_payment_methods")
    if automatic is None and not allowed:
        automatic = {"enabled": True}
    if automatic is not None:
        automatic = {"allow_redirects": "always", **automatic}
    given = {name: wanted.get(name) for name in _ABSENT}
    return given | {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": wanted.get("allowed_payment_method_types"),
        "amount": wanted["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": automatic,
        "capture_method": wanted.get("capture_method", "automatic_async"),
        "client_secret": secret,
        "confirmation_method": wanted.get("confirmation_method", "automatic"),
        "created": now,
        "currency": wanted["currency"],
        "livemode": False,
        "metadata": metadata.merged({}, wanted.get("metadata", {})),
        "payment_method": None,
        "payment_method_options": method_options({}, wanted.get("payment_method_options") or {}),
        "payment_method_types": allowed or ["card"],
        "status": "requires_payment_method",
    }


def method_options(kept: Json, given: Json) -> Json:
    """The options of an intent after a request gave some for cards: those that show."""
    card = {"request_three_d_secure": "automatic"} | kept.get("card", {})
    shown = ("capture_method", "request_three_d_secure", "setup_future_usage")
    return {"card": card | {name: value for name, value in given.get("card", {}).items() if name in shown}}


def attach(intent: Intent, *, method: str) -> None:
    """Give the intent its payment method without trying it yet."""
    intent |= {"payment_method": method, "status": "requires_confirmation"}


def confirm(intent: Intent, *, card: cards.TrialCard, method: Json, charge: str, next_action: Json | None) -> str:
    """Try to pay with the card; answers the type of the event that follows. A declined intent can be tried again.

    Without a next action there is nobody the issuer could ask.
    """
    intent |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None}
    if card.asks and next_action is None:
        return _fail(intent, _NOBODY_TO_ASK, method=method, charge=charge)
    if card.asks:
        intent |= {"status": "requires_action", "next_action": next_action}
        return "payment_intent.requires_action"
    return _pay(intent, card=card, method=method, charge=charge)


def _pay(intent: Intent, *, card: cards.TrialCard, method: Json, charge: str) -> str:
    if card.outcome == "process":
        intent |= {"status": "processing", "processing": {"type": "card", "card": {}}, "latest_charge": charge}
        return "payment_intent.processing"
    if card.outcome == "decline":
        return _fail(intent, card.refusal(), method=method, charge=charge)
    if intent["capture_method"] == "manual":
        return _hold(intent, charge=charge)
    return _succeed(intent, charge=charge, amount=intent["amount"])


def authenticate(intent: Intent, *, ok: bool, card: cards.TrialCard, method: Json, charge: str) -> str:
    """The payer answered the issuer's question; refuses unless the intent waits for that."""
    check_awaits_payer(intent)
    if not ok:
        return _fail(intent, _NOT_AUTHENTICATED, method=method, charge=None)
    return _pay(intent, card=card, method=method, charge=charge)


def settle(intent: Intent, *, ok: bool, method: Json) -> str:
    """The bank ended a payment that was processing; refuses in any other state."""
    check_processing(intent)
    if ok:
        return _succeed(intent, charge=intent["latest_charge"], amount=intent["amount"])
    return _fail(intent, _NOT_SETTLED, method=method, charge=intent["latest_charge"])


def capture(intent: Intent, *, amount: int) -> str:
    """Take what was held, or a part of it; the rest goes back. Refuses an intent that holds nothing."""
    _check(intent, {"requires_capture"}, "capture")
    return _succeed(intent, charge=intent["latest_charge"], amount=amount)


def update(intent: Intent, changes: Json) -> None:
    """Change what the intent's status still allows to be changed; it must be confirmed again after that."""
    for name in sorted(changes.keys() - ALWAYS):
        check_changeable(intent, name)
    if changes.keys() - ALWAYS and intent["status"] == "requires_action":
        intent |= {"status": "requires_confirmation", "next_action": None}
    intent |= changes


def cancel(intent: Intent, *, reason: str | None, now: int) -> str:
    """End an intent that was never paid; refuses once it is processing, paid or already canceled."""
    _check(intent, CANCELLABLE, "cancel")
    intent |= {"status": "canceled", "canceled_at": now, "cancellation_reason": reason, "next_action": None}
    intent["amount_capturable"] = 0
    return "payment_intent.canceled"


def check_confirmable(intent: Intent) -> None:
    """Refuses an intent that is paid, canceled or still processing."""
    _check(intent, CONFIRMABLE, "confirm")


def check_changeable(intent: Intent, name: str) -> None:
    """Refuses to change that part of an intent once it is being paid, paid or canceled."""
    if intent["status"] in CONFIRMABLE:
        return
    raise errors.unexpected_state(
        intent,
        f"This PaymentIntent's {name} could not be updated because it has a status of {intent['status']}. "
        f"You may only update the {name} of a PaymentIntent with one of the following statuses: "
        f"{', '.join(sorted(CONFIRMABLE))}.",
        param=name,
    )


def check_return(intent: Intent, wanted: Json) -> None:
    """Refuses a confirmation from a server that has no way back from a method that leads the payer away."""
    automatic = intent["automatic_payment_methods"] or {"enabled": False}
    if automatic["enabled"] and automatic["allow_redirects"] == "always" and not wanted.get("return_url"):
        raise errors.invalid(
            "A `return_url` must be specified: this PaymentIntent takes the payment methods enabled in the Dashboard, "
            "and some of them lead the payer away. Where that is not wanted, create it with "
            "`automatic_payment_methods[enabled]` true and `automatic_payment_methods[allow_redirects]` never.",
            param="return_url",
        )


def check_awaits_payer(intent: Intent) -> None:
    """Refuses an intent that does not wait for its payer."""
    _check(intent, {"requires_action"}, "authenticate the payer of")


def check_processing(intent: Intent) -> None:
    """Refuses an intent that no bank is working on."""
    _check(intent, {"processing"}, "settle")


def payer_action(url: str, return_url: str | None) -> Json:
    """What the payer must do next: leave for `url` and come back, or answer in the page."""
    if return_url:
        return {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": return_url}}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}


def _check(intent: Intent, allowed: set[str], act: str) -> None:
    if intent["status"] not in allowed:
        raise errors.unexpected_state(
            intent, f"You cannot {act} this PaymentIntent because it has a status of {intent['status']}."
        )


def _hold(intent: Intent, *, charge: str) -> str:
    intent |= {
        "status": "requires_capture",
        "amount_capturable": intent["amount"],
        "latest_charge": charge,
        "last_payment_error": None,
        "next_action": None,
    }
    return "payment_intent.amount_capturable_updated"


def _succeed(intent: Intent, *, charge: str, amount: int) -> str:
    intent |= {
        "status": "succeeded",
        "amount_capturable": 0,
        "amount_received": amount,
        "latest_charge": charge,
        "last_payment_error": None,
        "next_action": None,
        "processing": None,
    }
    return "payment_intent.succeeded"


def _fail(intent: Intent, error: Json, *, method: Json, charge: str | None) -> str:
    if charge:
        error = error | {"charge": charge}
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": error | {"payment_method": method},
        "latest_charge": charge or intent["latest_charge"],
        "next_action": None,
        "processing": None,
    }
    return "payment_intent.payment_failed"
