"""What the console shows: the newest of each kind, field by field, so that no secret comes along."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypedDict

from sandbox import environment
from sandbox.state import Sandbox

Json = dict[str, Any]

INTENTS, EVENTS, MESSAGES, REQUESTS = 60, 100, 100, 200
_LOOKED_THROUGH = 600  # of the newest charges, refunds, disputes and deliveries, for those of what is shown

_INTENT = (
    "id", "amount", "amount_received", "cancellation_reason", "canceled_at", "created", "currency", "customer",
    "description", "metadata", "receipt_email", "status",
)  # fmt: skip
_ERROR = ("code", "decline_code", "message", "type")
_CHARGE = (
    "id", "amount", "amount_refunded", "created", "disputed", "failure_code", "failure_message", "refunded", "status",
)  # fmt: skip
_REFUND = ("id", "amount", "created", "failure_reason", "reason", "status")
_DISPUTE = ("id", "amount", "created", "reason", "status")
_MESSAGE = (
    "sid", "body", "date_created", "direction", "error_code", "error_message", "from", "status", "to",
)  # fmt: skip
_DELIVERY = ("as", "at", "attempt", "error", "state", "status")
_REQUEST = (
    "at", "fault", "idempotency_key", "method", "parameters", "path", "replayed", "request_id", "status",
)  # fmt: skip
_KINDS = environment.kinds_by_sid(",".join(f"{kind}={sid}" for kind, sid in environment.CONTENT_SIDS.items()))


class Settings(TypedDict):
    """How the sandbox is set up, and how much it holds."""

    moved: float
    webhook_url: str | None
    twilio_callbacks: bool
    totals: dict[str, int]


class Sections(TypedDict):
    """The parts of the page, each sent only when it changed."""

    settings: Settings
    intents: list[Json]
    events: list[Json]
    messages: list[Json]
    faults: list[Json]
    requests: list[Json]


def sections(sandbox: Sandbox) -> Sections:
    """Everything the page shows, at a cost that does not grow with what the sandbox holds."""
    return {
        "settings": _settings(sandbox),
        "intents": _intents(sandbox),
        "events": _events(sandbox),
        "messages": [_message(sandbox, message) for message in islice(sandbox.messages.newest_first(), MESSAGES)],
        "faults": [fault.plain() for fault in sandbox.faults.faults],
        "requests": [_only(entry, _REQUEST) for entry in sandbox.journal.newest(REQUESTS)],
    }


def _settings(sandbox: Sandbox) -> Settings:
    targets = sandbox.targets
    return {
        "moved": sandbox.clock.moved,
        "webhook_url": targets.webhook_url,
        "twilio_callbacks": targets.twilio_callbacks,
        "totals": {
            "intents": len(sandbox.intents),
            "events": len(sandbox.events),
            "messages": len(sandbox.messages),
        },
    }


def _intents(sandbox: Sandbox) -> list[Json]:
    newest = list(islice(sandbox.intents.newest_first(), INTENTS))
    charges = _by_intent(sandbox.charges.newest_first(), _CHARGE)
    refunds = _by_intent(sandbox.refunds.newest_first(), _REFUND)
    disputes = _by_intent(sandbox.disputes.newest_first(), _DISPUTE)
    return [
        {
            **_only(intent, _INTENT),
            "last_payment_error": _only(intent["last_payment_error"] or {}, _ERROR) or None,
            "charges": charges[intent["id"]],
            "refunds": refunds[intent["id"]],
            "disputes": disputes[intent["id"]],
        }
        for intent in newest
    ]


def _by_intent(newest_first: Iterable[Json], fields: tuple[str, ...]) -> defaultdict[str, list[Json]]:
    found: defaultdict[str, list[Json]] = defaultdict(list)
    for thing in islice(newest_first, _LOOKED_THROUGH):
        found[thing.get("payment_intent") or ""].append(_only(thing, fields))
    return found


def _events(sandbox: Sandbox) -> list[Json]:
    deliveries: defaultdict[str, list[Json]] = defaultdict(list)
    for attempt in reversed(sandbox.deliveries.newest(_LOOKED_THROUGH)):
        deliveries[attempt["event"]].append(_only(attempt, _DELIVERY))
    newest = islice(sandbox.events.newest_first(), EVENTS)
    return [_event(event) | {"deliveries": deliveries[event["id"]]} for event in newest]


def _event(event: Json) -> Json:
    thing = event["data"]["object"]
    return {
        **_only(event, ("id", "created", "pending_webhooks", "type")),
        "object": thing["id"],
        "intent": thing["id"] if thing["object"] == "payment_intent" else thing.get("payment_intent"),
    }


def _message(sandbox: Sandbox, message: Json) -> Json:
    template = sandbox.templates.get(message["sid"], {})
    return _only(message, _MESSAGE) | {"kind": _KINDS.get(template.get("content_sid") or "")}


def _only(thing: Json, fields: Iterable[str]) -> Json:
    return {name: thing[name] for name in fields if name in thing}
