"""A phone that writes to the program, as Twilio passes it on: the signature is really computed."""

from itertools import count
from typing import Any
from xml.etree import ElementTree

from django.conf import settings
from django.test import Client
from twilio.request_validator import RequestValidator

PATH = "/api/notifications/twilio/reply/"
ANA = "+447700900123"
numbers = count(1)


def post(text: str, *, phone: str = ANA, sid: str = "", token: str | None = None, to: str = "", **more: str) -> Any:
    """The program's answer to one message; a new one, unless its `sid` was told before."""
    fields = {
        "MessageSid": sid or f"SM{next(numbers):032x}",
        "From": f"whatsapp:{phone}",
        "To": to or f"whatsapp:{settings.TWILIO_WHATSAPP_FROM}",
        "Body": text,
        "NumMedia": "0",
        "ProfileName": "A & B",
        **more,
    }
    token = settings.TWILIO_AUTH_TOKEN if token is None else token
    signature = RequestValidator(token).compute_signature(settings.PUBLIC_BASE_URL + PATH, fields)
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return browser.post(PATH, fields, headers={"X-Twilio-Signature": signature})


def write(text: str, **more: str) -> str:
    """What comes back to the phone; empty for nothing."""
    answer = post(text, **more)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8"), answer.content
    response = ElementTree.fromstring(answer.content)
    assert response.tag == "Response"
    messages = [message.text or "" for message in response]
    assert len(messages) <= 1
    return messages[0] if messages else ""
