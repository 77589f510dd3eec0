"""What goes wrong on the way: faults for the sandbox, some as a climate of small chances, some in gusts."""

from random import Random
from typing import Any

Fault = dict[str, Any]

CREATE = {"method": "POST", "path": "^/v1/payment_intents$"}
LOOK = {"method": "GET", "path": "^/v1/payment_intents/"}
CANCEL = {"method": "POST", "path": "/cancel$"}
SEND = {"method": "POST", "path": "/Messages.json$"}

# Longer than the program waits for an answer (a second, and once more).
LONG = 1.3
# No 400 for a create: a request whose key it has answered with an intent, Stripe never refuses afterwards.
GUSTS: list[tuple[int, Fault]] = [
    # before the effect: nothing happened
    (3, {"fault": "status_before", "status": 429, **CREATE}),
    (1, {"fault": "status_before", "lock": True, **CREATE}),
    (3, {"fault": "status_before", "status": 503, **CREATE}),
    (2, {"fault": "reset_before", **CREATE}),
    (2, {"fault": "hang_before", "seconds": LONG, **CREATE}),
    (2, {"fault": "status_before", "status": 429, **CANCEL}),
    (3, {"fault": "status_before", "status": 500, **CANCEL}),
    (2, {"fault": "reset_before", **CANCEL}),
    (1, {"fault": "status_before", "status": 401, **CANCEL}),
    (1, {"fault": "status_before", "status": 404, **CANCEL}),
    (2, {"fault": "status_before", "status": 503, **LOOK}),
    (2, {"fault": "reset_before", **LOOK}),
    # in the middle of it
    (7, {"fault": "paid_first", **CANCEL}),
    (2, {"fault": "event_first", **CANCEL}),
    (2, {"fault": "event_first", **CREATE}),
    # after it: it happened, and nobody was told
    (4, {"fault": "status_after", "status": 500, **CREATE}),
    (3, {"fault": "status_after", "status": 502, "stored": False, **CREATE}),
    (4, {"fault": "reset_after", **CREATE}),
    (3, {"fault": "hang_after", "seconds": LONG, **CREATE}),
    (2, {"fault": "garbage", **CREATE}),
    (1, {"fault": "truncated", **CREATE}),
    (1, {"fault": "amount_changed", **CREATE}),
    (4, {"fault": "status_after", "status": 500, **CANCEL}),
    (4, {"fault": "reset_after", **CANCEL}),
    (3, {"fault": "hang_after", "seconds": LONG, **CANCEL}),
    (1, {"fault": "truncated", **CANCEL}),
    (1, {"fault": "garbage", **LOOK}),
    # messages
    (2, {"fault": "status_before", "status": 429, **SEND}),
    (2, {"fault": "status_before", "status": 503, **SEND}),
    (2, {"fault": "status_after", "status": 500, **SEND}),
    (3, {"fault": "reset_after", **SEND}),
    (1, {"fault": "reset_before", **SEND}),
]
# What happens to news on its way, and how likely at most.
NEWS: list[tuple[float, Fault]] = [
    (0.25, {"fault": "webhook_dropped"}),
    (0.25, {"fault": "webhook_doubled", "copies": 3, "seconds": 0.2}),
    (0.25, {"fault": "webhook_delayed", "seconds": 1.5}),
    (0.15, {"fault": "webhook_held"}),
    (0.3, {"fault": "webhook_shuffled", "copies": 3, "seconds": 1}),
    (0.05, {"fault": "webhook_forged", "extra": True}),
    (0.04, {"fault": "webhook_stale"}),
    (0.04, {"fault": "webhook_other_mode"}),
    (0.05, {"fault": "webhook_other_amount"}),
    (0.05, {"fault": "webhook_other_amount", "extra": True}),
    (0.04, {"fault": "webhook_other_version"}),
    (0.03, {"fault": "webhook_thin"}),
]


def weather(random: Random, seconds: float) -> list[tuple[float, Fault]]:
    """The climate from the beginning on, then the gusts at their times; every seed leaves some kinds out."""
    return sorted([*_climate(random), *_gusts(random, seconds)], key=lambda fault: fault[0])


def _climate(random: Random) -> list[tuple[float, Fault]]:
    news = random.sample(NEWS, k=random.randint(len(NEWS) // 2, len(NEWS)))
    slow = {"fault": "latency", "path": "^/v1/", "seconds": random.choice((0.05, 0.15)), "probability": 0.3}
    endless = {"type": "payment_intent.*", "times": None}
    climate = [{**fault, **endless, "probability": round(random.uniform(most / 3, most), 3)} for most, fault in news]
    return [(0.0, fault) for fault in [slow, *climate]]


def _gusts(random: Random, seconds: float) -> list[tuple[float, Fault]]:
    met = random.sample(GUSTS, k=random.randint(len(GUSTS) // 2, len(GUSTS)))
    kinds, weights = [fault for _, fault in met], [weight for weight, _ in met]
    drawn = random.choices(kinds, weights=weights, k=random.randint(25, 45))
    return [(random.uniform(0, seconds * 0.95), {**fault, "times": random.choice((1, 1, 2, 3))}) for fault in drawn]
