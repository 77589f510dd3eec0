"""One try to deliver one event, as it goes out: its body and its signature, true or altered."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

Json = dict[str, Any]

ITSELF = "itself"
WRONG_SECRET = "whsec_of_somebody_else"
OTHER_VERSION = "2020-08-27"
STALE_SECONDS = 3600  # receivers take five minutes


@dataclass(slots=True, eq=False)
class Attempt:
    """One try to deliver one event; state: waiting, held, dropped, delivered, failed (or, the last, given_up)."""

    event: Json
    at: float
    look: str = ITSELF
    number: int = 1
    state: str = "waiting"
    status: int | None = None
    error: str | None = None

    def plain(self) -> Json:
        """The attempt as plain data."""
        return {
            "event": self.event["id"],
            "type": self.event["type"],
            "object": self.event["data"]["object"]["id"],
            "attempt": self.number,
            "at": self.at,
            "status": self.status,
            "error": self.error,
            "as": self.look,
            "state": self.state,
        }


def outgoing(event: Json, look: str, secrets: Sequence[str]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a delivery that looks like `look`; signed by the machine's time, as receivers check it."""
    body = json.dumps(_altered(event | {"pending_webhooks": 1}, look))
    at = int(time.time()) - (STALE_SECONDS if look == "stale" else 0)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Holdfast sandbox (webhooks)",
        "Stripe-Signature": signature(body, [WRONG_SECRET] if look == "forged" else secrets, at=at),
    }
    return body.encode(), headers


def signature(payload: str, secrets: Sequence[str], *, at: int) -> str:
    """The Stripe-Signature header: one moment, one v1 value for each secret."""
    signed = (stripe.WebhookSignature.generate_signature_header(payload, secret, at) for secret in secrets)
    return ",".join([f"t={at}", *(header.split(",", 1)[1] for header in signed)])


def _altered(event: Json, look: str) -> Json:
    if look == "other_mode":
        return _with_object(event, {"livemode": True}) | {"livemode": True}
    if look == "other_version":
        return event | {"api_version": OTHER_VERSION}
    if look == "other_amount":
        thing = event["data"]["object"]
        names = ("amount", "amount_received", "amount_refunded", "amount_captured")
        return _with_object(event, {name: thing[name] + 1 for name in names if thing.get(name)})
    return _thin(event) if look == "thin" else event


def _with_object(event: Json, changes: Json) -> Json:
    return event | {"data": event["data"] | {"object": event["data"]["object"] | changes}}


def _thin(event: Json) -> Json:
    thing = event["data"]["object"]
    return {
        "id": event["id"],
        "object": "v2.core.event",
        "context": None,
        "created": datetime.fromtimestamp(event["created"], UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "livemode": False,
        "reason": None,
        "related_object": {
            "id": thing["id"],
            "type": thing["object"],
            "url": f"/v1/{thing['object']}s/{thing['id']}",
        },
        "type": f"v1.{event['type']}",
    }
