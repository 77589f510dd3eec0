"""Twilio's status callbacks: one after another, signed, each sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped, unused-ignore]

from sandbox.state import Sandbox
from sandbox.twilio import whatsapp

STEP_SECONDS = 0.3  # between statuses; scaled by --retry-scale
PATIENCE = 15.0


async def play(sandbox: Sandbox, message: dict[str, Any], form: Mapping[str, str], token: str) -> None:
    """Take a message through its statuses, telling the callback URL of each."""
    for status, code in whatsapp.course(form):
        await asyncio.sleep(STEP_SECONDS * sandbox.targets.retry_scale)
        whatsapp.advance(message, status, code, now=sandbox.now())
        if form.get("StatusCallback") and sandbox.targets.twilio_callbacks:
            await _tell(sandbox, message, form["StatusCallback"], token)


async def _tell(sandbox: Sandbox, message: dict[str, Any], url: str, token: str) -> None:
    told = {
        "AccountSid": message["account_sid"],
        "ApiVersion": message["api_version"],
        "From": message["from"] or "",
        "MessageSid": message["sid"],
        "MessageStatus": message["status"],
        "SmsSid": message["sid"],
        "SmsStatus": message["status"],
        "To": message["to"],
    }
    if message["error_code"]:
        told["ErrorCode"] = str(message["error_code"])
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent": "Holdfast sandbox (callbacks)",
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, told),
    }
    await sandbox.errands.post(url, body=urlencode(told).encode(), headers=headers, patience=PATIENCE)
