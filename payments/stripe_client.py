"""The only file that imports stripe: every answer leaves it as plain data, every error as one of four of ours."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from boundary.bulkhead import Bulkhead, BulkheadFull
from boundary.network import leave_database
from payments.exceptions import BadWebhook
from payments.stripe_objects import Endpoint, Event, Intent, Repayment

API_VERSION = "2026-10-28.endive"
# One retry heals a kept-alive connection that went stale; more would multiply the wait of a member.
MAX_NETWORK_RETRIES = 1
SIGNATURE_TOLERANCE_SECONDS = 300
# Stripe forgets an idempotency key after 24 hours; from then on the same key would make a second object.
KEY_LIVES = timedelta(hours=23)

stripe.enable_telemetry = False
logger = logging.getLogger(__name__)
bulkhead = Bulkhead(silence=stripe.APIConnectionError)


class StripeRejected(Exception):
    """Stripe refused the request for good: nothing happened there."""


class StripeUnavailable(Exception):
    """Stripe throttles, is busy with the same request or refuses our key: nothing new happened there; ask again."""


class StripeUnknown(StripeUnavailable):
    """No answer that tells what happened there; the same idempotency key asks again."""


def create(
    *, amount: int, currency: str, description: str, metadata: dict[str, str], idempotency_key: str
) -> tuple[Intent, bool]:
    """Create a card PaymentIntent; True beside it when Stripe replayed an earlier answer. Network."""
    with _errors():
        answer = _client().v1.payment_intents.create(
            {
                "amount": amount,
                "currency": currency,
                "description": description,
                "metadata": metadata,
                "allowed_payment_method_types": ["card"],
            },
            {"idempotency_key": idempotency_key},
        )
        replayed = answer.last_response is not None and "Idempotent-Replayed" in answer.last_response.headers
        return Intent.from_stripe(answer.to_dict()), replayed


def retrieve(intent_id: str) -> Intent:
    """Ask for an intent as it stands now. Network."""
    with _errors():
        answer = _client().v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        return Intent.from_stripe(answer.to_dict())


def cancel(intent_id: str) -> Intent:
    """Cancel an intent and return it as it then stands: canceled, or already succeeded, or processing. Network."""
    with _errors():
        try:
            answer = _client().v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"})
        except stripe.InvalidRequestError as error:
            if error.error is None or error.error.code != "payment_intent_unexpected_state":
                raise
            embedded = getattr(error.error, "payment_intent", None)
            if embedded is not None:
                return Intent.from_stripe(embedded.to_dict())
            answer = _client().v1.payment_intents.retrieve(intent_id)
        return Intent.from_stripe(answer.to_dict())


def find(*, metadata: Mapping[str, str], since: datetime) -> Intent | None:
    """Look for the intent that carries this metadata among those created since then. Network."""
    with _errors():
        page = _client().v1.payment_intents.list({"created": {"gte": int(since.timestamp()) - 60}, "limit": 100})
        for answer in page.auto_paging_iter():
            intent = Intent.from_stripe(answer.to_dict())
            if intent.metadata.get("payment") == metadata["payment"]:
                return intent
    return None


def intents_created(*, since: datetime, until: datetime | None) -> Iterator[list[Intent]]:
    """Every intent made at Stripe in that time, by anyone, newest first, page by page. Network before each page."""
    wanted = {**_within(since, until), "expand": ["data.latest_charge"]}
    for page in _pages(lambda asked: _client().v1.payment_intents.list(asked), wanted):
        yield [Intent.from_stripe(data) for data in page]


def refunds_created(*, since: datetime, until: datetime | None) -> Iterator[list[Repayment]]:
    """Every refund made at Stripe in that time, by anyone, newest first, page by page. Network before each page."""
    for page in _pages(lambda asked: _client().v1.refunds.list(asked), _within(since, until)):
        yield [Repayment.from_stripe(data) for data in page]


def events_created(*, types: tuple[str, ...], since: datetime, until: datetime | None) -> Iterator[list[Event]]:
    """Every event of these types in that time, newest first, page by page; Stripe keeps them 30 days. Network."""
    for page in _pages(lambda asked: _client().v1.events.list(asked), {**_within(since, until), "types": [*types]}):
        yield [event for event in map(_listed_event, page) if event]


def refund(*, intent_id: str, amount: int, metadata: dict[str, str], idempotency_key: str) -> Repayment:
    """Give money of a paid intent back. Network."""
    with _errors():
        answer = _client().v1.refunds.create(
            {
                "payment_intent": intent_id,
                "amount": amount,
                "reason": "requested_by_customer",
                "metadata": metadata,
            },
            {"idempotency_key": idempotency_key},
        )
        return Repayment.from_stripe(answer.to_dict())


def refunds_of(intent_id: str) -> list[Repayment]:
    """Every refund of an intent, whoever made it, as it stands now. Network."""
    with _errors():
        page = _client().v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        return [Repayment.from_stripe(answer.to_dict()) for answer in page.auto_paging_iter()]


def accept_key() -> None:
    """Ask for one intent, as a key must be able to do that is enough here; refusals are raised. Network."""
    with _errors():
        _client().v1.payment_intents.list({"limit": 1})


def endpoints() -> list[Endpoint]:
    """The addresses that Stripe sends webhooks to, and of what it tells each. Network."""
    with _errors():
        page = _client().v1.webhook_endpoints.list({"limit": 100})
        return [Endpoint.from_stripe(answer.to_dict()) for answer in page.auto_paging_iter()]


def verify(payload: bytes, header: str | None) -> Event:
    """Check a webhook's signature against every secret in force and read it; BadWebhook when anything is off."""
    if not header or not header.isascii():
        raise BadWebhook("no usable signature")
    _refuse_future(header)
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            event = stripe.Webhook.construct_event(payload, header, secret, SIGNATURE_TOLERANCE_SECONDS).to_dict()
        except stripe.SignatureVerificationError:
            continue
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise BadWebhook("the body is not an event") from error
        return _read_event(event)
    raise BadWebhook("no secret matches the signature")


def _read_event(event: Mapping[str, Any]) -> Event:
    id_, type_, created = event.get("id"), event.get("type"), event.get("created")
    well_formed = isinstance(id_, str) and isinstance(type_, str) and 0 < len(id_) <= 255 and type_
    if event.get("object") != "event" or not well_formed:
        raise BadWebhook("the body is not an event")
    data = event.get("data")
    data = data.get("object") if isinstance(data, dict) else None
    read = Event(
        id=str(id_),
        type=str(type_),
        api_version=str(event.get("api_version") or "")[:64],
        created=created if isinstance(created, int) else 0,
        object=data if isinstance(data, dict) else {},
    )
    if not all(text.isprintable() for text in (read.id, read.api_version, *_stored(read))):
        raise BadWebhook("the event holds text that cannot be stored")
    return read


def _listed_event(data: Mapping[str, Any]) -> Event | None:
    try:
        return _read_event(data)
    except BadWebhook as error:
        logger.error("Stripe lists the event %s, but %s", data.get("id"), error)
        return None


def _within(since: datetime, until: datetime | None) -> dict[str, Any]:
    bounds = {"gte": int(since.timestamp())}
    return {"created": bounds if until is None else {**bounds, "lt": int(until.timestamp())}}


def _pages(ask: Callable[[Any], Any], wanted: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """A list of Stripe's page by page: the database is left before each call, and no more than a page is kept."""
    cursor: dict[str, str] = {}
    while True:
        with _errors():
            page = ask({**wanted, **cursor, "limit": 100})
        yield [answer.to_dict() for answer in page.data]
        if not page.has_more:
            return
        cursor = {"starting_after": page.data[-1].id}


def _stored(event: Event) -> tuple[str, ...]:
    """Every text of the event's object that a row may come to hold."""
    intent, repayment, complaint = event.intent, event.repayment, event.complaint
    codes = (intent.failure_code, intent.decline_code, repayment.failure_reason, complaint.reason)
    return (intent.id, intent.status, str(intent.currency), repayment.intent_id, *codes)


def _refuse_future(header: str) -> None:
    """The SDK bounds a signature's age on one side only."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name == "t" and value.isdigit() and int(value[:20]) > time.time() + SIGNATURE_TOLERANCE_SECONDS:
            raise BadWebhook("the signature comes from the future")


@contextmanager
def _errors() -> Iterator[None]:
    """One boundary for every call: nothing of the database held, every error of the SDK turned into one of ours."""
    leave_database()
    try:
        with bulkhead.place():
            yield
    except BulkheadFull as error:
        logger.warning("Stripe is slow or hangs, and as many calls as may wait for it do: it was not asked")
        raise StripeUnavailable("bulkhead_full") from error
    except stripe.IdempotencyError as error:
        logger.error("Stripe knows another request by this key: %s", error.request_id)
        raise StripeUnknown("idempotency_error") from error
    except stripe.RateLimitError as error:
        raise StripeUnavailable("rate_limit") from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        code = (error.error.code if error.error else None) or "invalid_request"
        logger.error("Stripe refused a request: %s %s", code, error.request_id)
        raise StripeRejected(code) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        # It says something about our key and nothing about the intent.
        logger.critical("Stripe refuses STRIPE_SECRET_KEY: replace it")
        raise StripeUnavailable("authentication_failed") from error
    except stripe.StripeError as error:
        if error.http_status == 409:  # a twin with the same key is still at work there
            raise StripeUnavailable("twin_in_flight") from error
        logger.warning("Stripe gave no usable answer: %s %s", type(error).__name__, error.http_status)
        raise StripeUnknown(type(error).__name__) from error


def _client() -> stripe.StripeClient:
    return _connect(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_TIMEOUT_SECONDS)


@lru_cache(maxsize=4)
def _connect(key: str, base: str, read_timeout: int) -> stripe.StripeClient:
    """One client a process; its connections are kept alive per thread."""
    connect: Callable[..., stripe.StripeClient] = stripe.StripeClient
    return connect(
        key,
        stripe_version=API_VERSION,
        max_network_retries=MAX_NETWORK_RETRIES,
        http_client=stripe.RequestsClient(timeout=(settings.TIMEOUTS.stripe_connect, read_timeout)),
        **({"base_addresses": {"api": base}} if base else {}),
    )
