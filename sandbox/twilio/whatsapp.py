"""A WhatsApp message and what becomes of it; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

Json = dict[str, Any]

_ADDRESS = re.compile(r"^whatsapp:\+[1-9]\d{6,14}$", re.ASCII)
_TEMPLATE = re.compile(r"^HX[0-9a-fA-F]{32}$")
_URL = re.compile(r"^https?://[^\s/]+")

# Recipients that always end the same way.
INVALID = "whatsapp:+15005550001"
OPTED_OUT = "whatsapp:+15005550009"
UNREACHABLE = "whatsapp:+15005550063"
THROTTLED = "whatsapp:+15005550429"
BROKEN = "whatsapp:+15005550500"


class TwilioError(Exception):
    """Twilio says no: an HTTP status, an error code, a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def body(self) -> Json:
        """The refusal in Twilio's shape."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": str(self), "more_info": more, "status": self.status}


def check(form: Mapping[str, str]) -> dict[str, str]:
    """The template variables of an acceptable message; refuses every other form as Twilio would."""
    recipient = form.get("To", "")
    if recipient == THROTTLED:
        raise TwilioError(429, 20429, "Too Many Requests")
    if recipient == BROKEN:
        raise TwilioError(500, 20500, "Internal Server Error")
    if not _ADDRESS.match(recipient) or recipient == INVALID:
        raise TwilioError(400, 21211, "Invalid 'To' Phone Number: the sandbox sends to whatsapp:+E164 only")
    if recipient == OPTED_OUT:
        raise TwilioError(400, 21610, "Attempt to send to unsubscribed recipient")
    if not form.get("MessagingServiceSid"):
        if not form.get("From"):
            raise TwilioError(400, 21603, "A 'From' or 'MessagingServiceSid' parameter is required")
        if not _ADDRESS.match(form["From"]):
            raise TwilioError(400, 63007, "No WhatsApp sender has this From address: whatsapp:+E164 is wanted")
    if not form.get("Body") and not form.get("ContentSid"):
        raise TwilioError(400, 21602, "A message body or a ContentSid is required")
    if form.get("ContentSid") and not _TEMPLATE.match(form["ContentSid"]):
        raise TwilioError(400, 21655, "The ContentSid is invalid: HX and 32 hexadecimal digits are wanted")
    if form.get("StatusCallback") and not _URL.match(form["StatusCallback"]):
        raise TwilioError(400, 21609, "The StatusCallback URL is not valid")
    return _variables(form.get("ContentVariables", ""))


def _variables(written: str) -> dict[str, str]:
    if not written:
        return {}
    refusal = TwilioError(400, 21656, "The ContentVariables parameter is invalid: a JSON object of non-empty strings")
    try:
        variables = json.loads(written)
    except ValueError as error:
        raise refusal from error
    if not isinstance(variables, dict):
        raise refusal
    if not all(isinstance(value, str) and value.strip() for value in variables.values()):
        raise refusal
    return variables


def message(form: Mapping[str, str], *, sid: str, account: str, body: str, now: int) -> Json:
    """A message that was accepted, in the shape of the Messages resource."""
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    service = form.get("MessagingServiceSid")
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": written(now),
        "date_sent": None,
        "date_updated": written(now),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": form["To"],
        "uri": f"{uri}.json",
    }


def course(form: Mapping[str, str]) -> tuple[tuple[str, int | None], ...]:
    """The statuses the message will pass through, each with its error code."""
    if not form.get("ContentSid"):
        return (("failed", 63016),)  # free text outside the 24-hour window, and nobody ever writes to the sandbox
    if form["To"] == UNREACHABLE:
        return (("undelivered", 63024),)
    return (("sent", None), ("delivered", None), ("read", None))


def advance(thing: Json, status: str, code: int | None, *, now: int) -> None:
    """Move the message to its next status."""
    thing |= {"status": status, "error_code": code, "date_updated": written(now)}
    if status == "sent":
        thing["date_sent"] = written(now)


def written(moment: int) -> str:
    """A Unix time as Twilio writes it."""
    return format_datetime(datetime.fromtimestamp(moment, UTC))
