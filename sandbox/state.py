"""Everything the sandbox remembers, and how to forget it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.environment import CONTENT_SIDS
from sandbox.errands import Errands
from sandbox.faults.script import FaultScript
from sandbox.journal import Journal
from sandbox.shelf import Shelf
from sandbox.stripe.cards import TrialCard
from sandbox.stripe.deliveries import Deliveries
from sandbox.stripe.idempotency import IdempotencyKeys
from sandbox.stripe.rate_limits import RateLimits
from sandbox.twilio.phones import Phones


@dataclass
class Targets:
    """Where the sandbox calls back, how it signs, and how patient it is."""

    webhook_url: str | None = None
    webhook_secrets: list[str] = field(default_factory=list)
    webhook_events: list[str] = field(default_factory=lambda: ["*"])
    retry_scale: float = 1.0
    events_kept: int = 50_000
    rate_limits: bool = False
    twilio_callbacks: bool = True
    twilio_sid: str | None = None
    twilio_token: str | None = None
    seed: int | None = None
    twilio_from: str | None = None
    twilio_rate: int | None = None
    inbound_url: str | None = None
    messages_kept: int = 50_000
    content_kinds: dict[str, str] = field(default_factory=lambda: {sid: kind for kind, sid in CONTENT_SIDS.items()})


class Sandbox:
    """One Stripe account and one Twilio account, in memory."""

    def __init__(self, targets: Targets, *, on_message: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.targets = targets
        self.on_message = on_message
        self.base_url = ""
        self.errands = Errands()
        self.draw = Random()  # noqa: S311 -- chance that can be repeated, for faults
        self._begin()

    def reset(self) -> None:
        """Forget every object, key, request and fault; give up deliveries; draw chance anew. The targets stay."""
        self.errands.drop()
        self.deliveries.close()
        self._begin()

    def _begin(self) -> None:
        self.intents = Shelf("payment_intent")
        self.charges = Shelf("charge")
        self.refunds = Shelf("refund")
        self.disputes = Shelf("dispute")
        self.customers = Shelf("customer")
        self.events = Shelf("event", most=self.targets.events_kept)
        self.undelivered: set[str] = set()
        self.methods = Shelf("PaymentMethod")
        self.trials: dict[str, TrialCard] = {}  # by payment method: the test card behind it
        self.messages = Shelf("message", most=self.targets.messages_kept)
        self.templates: dict[str, dict[str, Any]] = {}  # by message: what Twilio takes and never shows again
        self.phones = Phones()
        self.keys = IdempotencyKeys()
        self.rates = RateLimits()
        self.journal = Journal()
        self.draw.seed(self.targets.seed)
        self.faults = FaultScript(self.draw)
        self.clock = Clock()
        self.begun = self.clock.now()
        self.deliveries = Deliveries(self.targets, self.errands, self.clock, self.draw, self.undelivered)

    def now(self) -> int:
        """The present moment in Unix seconds, by a clock that can be moved."""
        return self.clock.now()


SANDBOX = web.AppKey("sandbox", Sandbox)
