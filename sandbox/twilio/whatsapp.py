"""A WhatsApp message: whether Twilio takes it, its shape, its next status; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sandbox.twilio import recipients
from sandbox.twilio.refusals import LATER, TwilioError

Json = dict[str, Any]

_ADDRESS = re.compile(r"^whatsapp:\+[1-9]\d{6,14}$", re.ASCII)
_TEMPLATE = re.compile(r"^HX[0-9a-fA-F]{32}$")
_URL = re.compile(r"^https?://[^\s/]+")
_NOT_IN_A_VARIABLE = re.compile(r"[\r\n\t]| {5}")
LONGEST_TEXT = 1600
LONGEST_TEMPLATE = 1024


def is_address(text: str) -> bool:
    """Whether this is a WhatsApp address as Twilio writes it."""
    return _ADDRESS.match(text) is not None


def check(form: Mapping[str, str], *, sender: str | None) -> dict[str, str]:
    """The template variables of an acceptable message; refuses every other form as Twilio would."""
    _check_addresses(form, sender)
    if not form.get("Body") and not form.get("ContentSid"):
        raise TwilioError(400, 21602, "A message body or a ContentSid is required")
    if len(form.get("Body", "")) > LONGEST_TEXT:
        raise TwilioError(400, 21617, f"The message body exceeds the {LONGEST_TEXT} character limit")
    if form.get("ContentSid") and not _TEMPLATE.match(form["ContentSid"]):
        raise TwilioError(400, 21655, "The ContentSid is invalid: HX and 32 hexadecimal digits are wanted")
    if form.get("StatusCallback") and not _URL.match(form["StatusCallback"]):
        raise TwilioError(400, 21609, "The StatusCallback URL is not valid")
    return _variables(form.get("ContentVariables", ""))


def _check_addresses(form: Mapping[str, str], sender: str | None) -> None:
    to, origin = form.get("To", ""), form.get("From", "")
    if refused := recipients.refusal(to):
        raise refused
    if not form.get("MessagingServiceSid"):
        if not origin:
            raise TwilioError(400, 21603, "A 'From' or 'MessagingServiceSid' parameter is required")
        if to and origin.startswith("whatsapp:") != to.startswith("whatsapp:"):
            raise TwilioError(400, 21910, "Invalid 'From' and 'To' pair: they should be of the same channel")
    if not is_address(to) or to == origin:
        raise recipients.INVALID_NUMBER
    if origin and (not is_address(origin) or origin == recipients.NO_SENDER or sender not in (None, origin)):
        raise TwilioError(400, 63007, "Twilio could not find a Channel with the specified From address")


def _variables(given: str) -> dict[str, str]:
    if not given:
        return {}
    refusal = TwilioError(
        400, 21656, "The ContentVariables parameter is invalid: a JSON object of strings, none empty, each on one line"
    )
    try:
        variables = json.loads(given)
    except ValueError as error:
        raise refusal from error
    if not isinstance(variables, dict):
        raise refusal
    for value in variables.values():
        if not isinstance(value, str) or not value.strip() or _NOT_IN_A_VARIABLE.search(value):
            raise refusal
    return variables


def message(form: Mapping[str, str], *, sid: str, account: str, body: str, direction: str, now: int) -> Json:
    """A message that was accepted, in the shape of the Messages resource."""
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    service = form.get("MessagingServiceSid")
    inbound = direction == "inbound"
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": written(now),
        "date_sent": written(now) if inbound else None,
        "date_updated": written(now),
        "direction": direction,
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": "0" if service else "1",
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "received" if inbound else "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": form["To"],
        "uri": f"{uri}.json",
    }


def advance(thing: Json, status: str, code: int | None, *, sender: str, now: int) -> None:
    """Move the message to its next status."""
    why = LATER[code][1] if code else None
    thing |= {"status": status, "error_code": code, "error_message": why, "date_updated": written(now)}
    thing["num_segments"] = "1"
    thing["from"] = thing["from"] or sender
    if status == "sent":
        thing["date_sent"] = written(now)


def written(moment: int) -> str:
    """A Unix time as Twilio writes it."""
    return format_datetime(datetime.fromtimestamp(moment, UTC))
