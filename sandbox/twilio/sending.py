"""A message of the account's own: checked, kept, and on its way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox import environment
from sandbox.ids import mint_hex
from sandbox.state import Sandbox
from sandbox.twilio import recipients, status_callbacks, templates, whatsapp
from sandbox.twilio.refusals import LATER, OPTED_OUT, TOO_MANY

Json = dict[str, Any]


def send(
    sandbox: Sandbox, form: Mapping[str, str], *, account: str, token: str, direction: str = "outbound-api"
) -> Json:
    """Accept a message, or refuse it with a TwilioError; its statuses follow in the background."""
    if not sandbox.phones.admits(sandbox.targets.twilio_rate):
        raise TOO_MANY
    variables = whatsapp.check(form, sender=_address(sandbox.targets.twilio_from))
    if sandbox.phones.stopped(form["To"]):
        raise OPTED_OUT
    sid = form.get("ContentSid")
    template = templates.BY_KIND.get(sandbox.targets.content_kinds.get(sid, "")) if sid else None
    body = templates.rendered(template, variables) if sid else form["Body"]
    message = whatsapp.message(
        form, sid=mint_hex("SM"), account=account, body=body, direction=direction, now=sandbox.now()
    )
    keep(sandbox, message, content_sid=sid, variables=variables)
    if sandbox.on_message is not None:
        sandbox.on_message(message | sandbox.templates[message["sid"]])
    course = _course(sandbox, form, body, known=template is None or template.has(variables))
    told = status_callbacks.Told(form.get("StatusCallback"), token, sender(sandbox))
    sandbox.errands.start(status_callbacks.play(sandbox, message, course, told))
    return message


def keep(sandbox: Sandbox, message: Json, **beside: Any) -> None:
    """Put a message on the shelf, with what Twilio never shows of it; the oldest go once there are too many."""
    sandbox.messages.put(message, identifier="sid")
    sandbox.templates[message["sid"]] = beside
    most = sandbox.targets.messages_kept
    while len(sandbox.templates) > most + most // 10 + 1:
        del sandbox.templates[next(iter(sandbox.templates))]


def sender(sandbox: Sandbox) -> str:
    """The account's own WhatsApp address."""
    return _address(sandbox.targets.twilio_from) or f"whatsapp:{environment.WHATSAPP_FROM}"


def _course(sandbox: Sandbox, form: Mapping[str, str], body: str, *, known: bool) -> recipients.Course:
    if not form.get("ContentSid") and not sandbox.phones.in_window(form["To"], now=sandbox.now()):
        return _ended(63016)
    if not known:
        return _ended(63028)
    if form.get("ContentSid") and len(body) > whatsapp.LONGEST_TEMPLATE:
        return _ended(63021)
    return recipients.course(form["To"])


def _ended(code: int) -> recipients.Course:
    return ((LATER[code][0], code),)


def _address(number: str | None) -> str | None:
    return f"whatsapp:{number.removeprefix('whatsapp:')}" if number else None
