"""Refusals in Stripe's shape, as a table of what can go wrong."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_KIND_OF_STATUS = {402: "card_error", 429: "invalid_request_error"}


class StripeError(Exception):
    """A refusal in Stripe's shape; `executed` tells whether an idempotency key keeps it."""

    def __init__(self, status: int, kind: str, message: str, *, executed: bool = False, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.executed = executed
        self.headers: dict[str, str] = details.pop("headers", {})
        self.body: Json = {"error": {"type": kind, "message": message, **_present(details)}}


def _present(details: Json) -> Json:
    present = {name: value for name, value in details.items() if value is not None}
    if code := present.get("code"):
        present["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    return present


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """A request that was refused before anything was done."""
    return StripeError(400, "invalid_request_error", message, param=param, code=code)


def unknown_parameter(name: str) -> StripeError:
    """A parameter that this operation, or this API version, does not know."""
    return invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def unauthorized(message: str, *, code: str | None = None) -> StripeError:
    """A missing, unknown or insufficient key."""
    return StripeError(401, "invalid_request_error", message, code=code)


def missing(kind: str, identifier: str, *, param: str, status: int = 404) -> StripeError:
    """No object of this kind has this identifier."""
    message = f"No such {kind}: '{identifier}'"
    return StripeError(status, "invalid_request_error", message, code="resource_missing", param=param)


def unrecognized(method: str, path: str) -> StripeError:
    """A path the sandbox does not serve."""
    message = f"Unrecognized request URL ({method}: {path}). The sandbox serves a part of the API only."
    return StripeError(404, "invalid_request_error", message)


def unexpected_state(intent: Json, message: str, *, param: str | None = None) -> StripeError:
    """The intent's status does not allow the act; the intent is part of the answer."""
    return StripeError(
        400,
        "invalid_request_error",
        message,
        executed=True,
        code="payment_intent_unexpected_state",
        param=param,
        payment_intent=intent,
    )


def card(message: str, *, code: str, decline_code: str | None = None, param: str | None = None) -> StripeError:
    """Card details that make no payment method."""
    return StripeError(402, "card_error", message, executed=True, code=code, decline_code=decline_code, param=param)


def declined(intent: Json) -> StripeError:
    """The issuer said no: the intent's last payment error, with the intent itself."""
    error = intent["last_payment_error"]
    details = {name: value for name, value in error.items() if name not in ("type", "message", "doc_url")}
    return StripeError(402, error["type"], error["message"], executed=True, payment_intent=intent, **details)


def too_many(reason: str) -> StripeError:
    """More requests than a second takes."""
    message = "Request rate limit exceeded; see https://docs.stripe.com/rate-limits."
    headers = {"Stripe-Rate-Limited-Reason": reason}
    return StripeError(429, "invalid_request_error", message, code="rate_limit", headers=headers)


def key_reused(key: str) -> StripeError:
    """The idempotency key was first used with other parameters."""
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return StripeError(400, "idempotency_error", message)


def key_in_use(key: str) -> StripeError:
    """A request with the same idempotency key is still being worked on."""
    message = f"There is currently another in-progress request using the idempotency key '{key}'."
    return StripeError(
        409,
        "invalid_request_error",
        message,
        code="idempotency_key_in_use",
        headers={"Stripe-Should-Retry": "true"},
    )


def scripted(status: int, *, lock: bool = False) -> StripeError:
    """The refusal of a scripted fault, shaped as Stripe shapes that status; `lock` is contention on one object."""
    kind = "api_error" if status >= 500 else _KIND_OF_STATUS.get(status, "invalid_request_error")
    if status == 429 and lock:
        message = "This object cannot be accessed right now because another request is working on it. Try again."
        return StripeError(status, kind, message, code="lock_timeout", headers={"Stripe-Should-Retry": "true"})
    code = "rate_limit" if status == 429 else None
    return StripeError(status, kind, f"The sandbox was told to answer {status}.", code=code)
