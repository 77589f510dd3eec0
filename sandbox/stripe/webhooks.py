"""Signed delivery of events, tried again until the receiver says 2xx."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

import stripe

from sandbox.state import Sandbox

# Stripe retries for days; a developer waits two minutes. Scaled by --retry-scale.
RETRY_SECONDS = (1, 3, 10, 30, 60)
PATIENCE = 10.0

logger = logging.getLogger(__name__)


async def deliver(sandbox: Sandbox, event: dict[str, Any], payload: str) -> None:
    """Deliver one event to where the sandbox points now, with back-off; gives up after the last retry."""
    url, secrets = sandbox.targets.webhook_url or "", list(sandbox.targets.webhook_secrets)
    scale = sandbox.targets.retry_scale
    for delay in (*RETRY_SECONDS, None):
        outcome = await _attempt(sandbox, event, payload, url=url, secrets=secrets)
        if _accepted(outcome):
            return
        following = "given up" if delay is None else f"again in {delay * scale:g} s"
        logger.warning("webhook %s (%s) to %s: %s; %s", event["id"], event["type"], url, outcome, following)
        await asyncio.sleep((delay or 0) * scale)


async def deliver_again(sandbox: Sandbox, event: dict[str, Any]) -> int | str:
    """Deliver an old event once, now; answers the receiver's status, or what went wrong in words."""
    targets = sandbox.targets
    url, secrets = targets.webhook_url or "", targets.webhook_secrets
    return await _attempt(sandbox, event, json.dumps(event), url=url, secrets=secrets)


def signature(payload: str, secrets: list[str], *, at: int) -> str:
    """The Stripe-Signature header: one moment, one v1 value for each secret."""
    signed = (stripe.WebhookSignature.generate_signature_header(payload, secret, at) for secret in secrets)
    return ",".join([f"t={at}", *(header.split(",", 1)[1] for header in signed)])


async def _attempt(sandbox: Sandbox, event: dict[str, Any], payload: str, *, url: str, secrets: list[str]) -> int | str:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Holdfast sandbox (webhooks)",
        "Stripe-Signature": signature(payload, secrets, at=int(time.time())),
    }
    outcome = await sandbox.errands.post(url, body=payload.encode(), headers=headers, patience=PATIENCE)
    if _accepted(outcome):
        event["pending_webhooks"] = 0
        sandbox.undelivered.discard(event["id"])
    return outcome


def _accepted(outcome: int | str) -> bool:
    return isinstance(outcome, int) and 200 <= outcome < 300
