"""Every kind of fault, and what a script may say about it."""

from __future__ import annotations

from typing import Any

# What strikes a request, in the order it can happen.
REQUEST_KINDS = (
    "latency", "reset_before", "status_before", "hang_before", "paid_first",
    "status_after", "event_first", "reset_after", "hang_after", "truncated", "garbage", "amount_changed",
)  # fmt: skip
STRIPE_ONLY = {"paid_first", "event_first", "amount_changed"}

# What strikes the delivery of an event. An altered one says how the delivery looks: `webhook_forged` looks forged.
ALTERED = ("forged", "stale", "other_mode", "other_version", "other_amount", "thin")
WEBHOOK_KINDS = (
    "webhook_dropped", "webhook_doubled", "webhook_delayed", "webhook_held", "webhook_shuffled",
    *(f"webhook_{look}" for look in ALTERED),
)  # fmt: skip
# What strikes a status callback of Twilio's.
CALLBACK_KINDS = ("callback_dropped", "callback_doubled", "callback_delayed", "callback_shuffled")
KINDS = REQUEST_KINDS + WEBHOOK_KINDS + CALLBACK_KINDS

ALWAYS = {"fault", "times", "after", "probability", "seconds"}
FOR_REQUESTS = ALWAYS | {"method", "path", "status", "stored", "lock"}
FOR_WEBHOOKS = ALWAYS | {"type", "copies", "extra"}
FOR_CALLBACKS = ALWAYS | {"type", "copies"}

# What a kind takes where its script says nothing.
DEFAULTS: dict[str, dict[str, Any]] = {
    "latency": {"seconds": 0.2, "times": None},
    "paid_first": {"method": "POST", "path": "/cancel$"},
    "webhook_doubled": {"copies": 2, "seconds": 0.0},
    "webhook_delayed": {"seconds": 5.0},
    "webhook_shuffled": {"copies": 4, "seconds": 5.0, "times": None},
    "webhook_held": {"times": None},
    "callback_doubled": {"copies": 2, "seconds": 0.0},
    "callback_delayed": {"seconds": 5.0},
    "callback_shuffled": {"times": None},
}


def said_of(kind: str) -> set[str]:
    """What a script may say about a fault of that kind."""
    if kind in WEBHOOK_KINDS:
        return FOR_WEBHOOKS
    return FOR_CALLBACKS if kind in CALLBACK_KINDS else FOR_REQUESTS
