"""One page of messages, in the shape of Twilio's lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.twilio.refusals import TwilioError

Json = dict[str, Any]


def page(messages: Iterable[Json], form: Mapping[str, str], *, path: str) -> Json:
    """The messages that pass the filters of `form`, one page of them; `messages` are newest first."""
    try:
        size, number = min(int(form.get("PageSize", 50)), 1000), int(form.get("Page", 0))
        found = [message for message in messages if _passes(message, form)]
    except ValueError as error:
        raise TwilioError(400, 20001, f"Invalid filter: {error}") from error
    if size < 1 or number < 0:
        raise TwilioError(400, 20006, "PageSize must be at least 1 and Page at least 0")
    first, last = number * size, (number + 1) * size
    return {
        "messages": found[first:last],
        "page": number,
        "page_size": size,
        "uri": _uri(path, form, number),
        "first_page_uri": _uri(path, form, 0),
        "next_page_uri": _uri(path, form, number + 1) if len(found) > last else None,
        "previous_page_uri": _uri(path, form, number - 1) if number else None,
    }


def _uri(path: str, form: Mapping[str, str], number: int) -> str:
    return f"{path}?{urlencode({**form, 'Page': str(number)})}"


def _passes(message: Json, form: Mapping[str, str]) -> bool:
    if form.get("To", message["to"]) != message["to"] or form.get("From", message["from"]) != message["from"]:
        return False
    moment = parsedate_to_datetime(message["date_sent"] or message["date_created"])
    bounds = {
        name: datetime.fromisoformat(form[name]) for name in ("DateSent", "DateSent>", "DateSent<") if name in form
    }
    bounds = {name: at if at.tzinfo else at.replace(tzinfo=moment.tzinfo) for name, at in bounds.items()}
    return (
        ("DateSent" not in bounds or moment.date() == bounds["DateSent"].date())
        and ("DateSent>" not in bounds or moment >= bounds["DateSent>"])
        and ("DateSent<" not in bounds or moment <= bounds["DateSent<"])
    )
