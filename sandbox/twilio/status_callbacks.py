"""Twilio's status callbacks: one after another, signed, each sent once unless a fault has it otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped, unused-ignore]

from sandbox.state import Sandbox
from sandbox.twilio import recipients, whatsapp

STEP_SECONDS = 0.3  # between statuses; scaled by --retry-scale
PATIENCE = 15.0
_CHANNEL = "XE" + "5a" * 16


@dataclass(frozen=True)
class Told:
    """Who is told of a message's statuses: the callback URL, the token that signs, and who the message is from."""

    url: str | None
    token: str
    sender: str


async def play(sandbox: Sandbox, message: dict[str, Any], course: recipients.Course, told: Told) -> None:
    """Take a message through its statuses, telling the callback URL of each as the faults allow."""
    kept_back: list[dict[str, str]] = []
    for status, code in course:
        await asyncio.sleep(STEP_SECONDS * sandbox.targets.retry_scale)
        whatsapp.advance(message, status, code, sender=told.sender, now=sandbox.now())
        if told.url and sandbox.targets.twilio_callbacks and message["to"] != recipients.SILENT:
            await _tell(sandbox, told, parameters(message), kept_back)
    for late in reversed(kept_back):
        await _post(sandbox, told, late)


async def _tell(sandbox: Sandbox, told: Told, status: dict[str, str], kept_back: list[dict[str, str]]) -> None:
    fault = sandbox.faults.take_for_callback(status["MessageStatus"])
    if fault is None:
        await _post(sandbox, told, status)
    elif fault.kind == "callback_shuffled":
        kept_back.append(status)
    elif fault.kind == "callback_delayed":
        sandbox.errands.start(_post(sandbox, told, status, after=fault.seconds))
    elif fault.kind == "callback_doubled":
        await _post(sandbox, told, status)
        for _ in range(fault.copies - 1):
            sandbox.errands.start(_post(sandbox, told, status, after=fault.seconds))


async def _post(sandbox: Sandbox, told: Told, status: dict[str, str], *, after: float = 0) -> None:
    await asyncio.sleep(after)
    url = told.url or ""
    await sandbox.errands.post(
        url, body=urlencode(status).encode(), headers=signed(url, status, told.token), patience=PATIENCE
    )


def signed(url: str, parameters: dict[str, str], token: str) -> dict[str, str]:
    """The headers of a form that Twilio posts: it signs the address and every parameter."""
    return {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent": "Holdfast sandbox (callbacks)",
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, parameters),
    }


def parameters(message: dict[str, Any]) -> dict[str, str]:
    """What Twilio says of a message that has come to a new status."""
    told = {
        "AccountSid": message["account_sid"],
        "ApiVersion": message["api_version"],
        "ChannelInstallSid": _CHANNEL,
        "ChannelPrefix": "whatsapp",
        "ChannelToAddress": message["to"].removeprefix("whatsapp:"),
        "From": message["from"],
        "MessageSid": message["sid"],
        "MessageStatus": message["status"],
        "SmsSid": message["sid"],
        "SmsStatus": message["status"],
        "To": message["to"],
    }
    if message["messaging_service_sid"]:
        told["MessagingServiceSid"] = message["messaging_service_sid"]
    if message["status"] in ("delivered", "read"):
        told["EventType"] = message["status"].upper()
    if message["error_code"]:
        told["ErrorCode"] = str(message["error_code"])
    return told
