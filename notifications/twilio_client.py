"""The only file that imports twilio."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from json import dumps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse

from boundary.network import leave_database
from notifications.exceptions import NotSent, OutcomeUnknown, Refused, StillAtWork

# How far our clock may run ahead of Twilio's.
CLOCKS_APART = timedelta(minutes=1)
# Twilio's codes for "not now": rate limits of the account and of WhatsApp. Every other 4xx stays refused.
LATER = {20429, 63017, 63018}


class LocalHttpClient(TwilioHttpClient):
    """Sends every call to TWILIO_API_BASE instead of Twilio's host."""

    def __init__(self, base: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base = urlsplit(base)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        there = urlsplit(url)._replace(scheme=self.base.scheme, netloc=self.base.netloc)
        return super().request(method, urlunsplit(there), *args, **kwargs)


def send(*, to: str, content_sid: str, variables: Mapping[str, str], callback: str) -> str:
    """Send a WhatsApp template to a number in E.164; returns Twilio's id. Network: outside transactions."""
    leave_database()
    try:
        message = _client().messages.create(
            from_=f"whatsapp:{settings.TWILIO_WHATSAPP_FROM}",
            to=f"whatsapp:{to}",
            content_sid=content_sid,
            content_variables=dumps(dict(variables)),
            status_callback=callback,
        )
    except TwilioRestException as error:
        raise _meaning(error) from error
    except requests.ConnectTimeout as error:
        raise NotSent("no_connection") from error
    except requests.ConnectionError as error:
        # Refused before anything was sent, or cut off after: only the first is sure.
        sure = "NewConnectionError" in repr(error)
        raise (NotSent("no_connection") if sure else OutcomeUnknown("connection_lost")) from error
    except requests.Timeout as error:
        raise StillAtWork("timeout") from error
    except (requests.RequestException, TwilioException, ValueError) as error:
        raise OutcomeUnknown(type(error).__name__) from error
    if not message.sid:
        raise OutcomeUnknown("no_sid")
    return message.sid


def find_sent(*, to: str, since: datetime) -> list[tuple[str, str]]:
    """Id and text of what Twilio has taken for this number since then, newest first. Network: outside transactions."""
    leave_database()
    try:
        messages = _client().messages.list(to=f"whatsapp:{to}", date_sent_after=since - CLOCKS_APART, limit=20)
    except (requests.RequestException, TwilioException, ValueError) as error:
        raise OutcomeUnknown("no_answer") from error
    return [(str(message.sid), message.body or "") for message in messages]


def is_signed(*, url: str, parameters: Any, signature: str | None) -> bool:
    """Whether Twilio signed this callback. An empty token would accept anyone's signature, so it accepts none."""
    if not (settings.TWILIO_AUTH_TOKEN and signature):
        return False
    return bool(RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, parameters, signature))


def answer_to_phone(text: str) -> str:
    """The XML that makes Twilio send this text back to whoever wrote; for an empty text nothing is sent."""
    answer = MessagingResponse()
    if text:
        # XML has no place for most control characters, even escaped.
        answer.message("".join(char for char in text if char == "\n" or unicodedata.category(char) != "Cc"))
    return str(answer)


def _meaning(error: TwilioRestException) -> Exception:
    code = int(error.code or error.status)
    if code in LATER or error.status in (429, 503):
        return NotSent(str(code))
    if error.status >= 500 or error.status < 400:
        return OutcomeUnknown(str(code))
    return Refused(str(code))


def _client() -> Client:
    account, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    return _connect(account, token, settings.TWILIO_API_BASE, settings.TIMEOUTS.twilio)


@lru_cache(maxsize=4)
def _connect(account: str, token: str, base: str, timeout: int) -> Client:
    http = LocalHttpClient(base, timeout=timeout) if base else TwilioHttpClient(timeout=timeout)
    return Client(account, token, http_client=http)
