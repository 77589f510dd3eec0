"""A message that a phone sends to the program, posted as Twilio posts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox import environment
from sandbox.ids import mint_hex
from sandbox.state import Sandbox
from sandbox.twilio import sending, twiml, whatsapp
from sandbox.twilio.refusals import TwilioError
from sandbox.twilio.status_callbacks import PATIENCE, signed

Json = dict[str, Any]
WAYS = ("itself", "replayed", "forged")
_FORGERS_TOKEN = "of_somebody_else"


@dataclass
class Outcome:
    """What became of a message at the receiver; `replies` are the SIDs of the messages its answer asked for."""

    status: int | None = None
    error: str | None = None
    reply: str | None = None
    replies: tuple[str, ...] = ()

    @property
    def taken(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300

    def plain(self) -> Json:
        """The outcome as plain data."""
        return {"taken": self.taken} | vars(self) | {"replies": list(self.replies)}


async def receive(sandbox: Sandbox, *, origin: str, to: str | None, body: str, name: str) -> tuple[Json, Outcome]:
    """A phone writes: its 24-hour window opens, the message is kept, and the program is told."""
    message = _written(sandbox, origin=origin, to=to, body=body)
    sandbox.phones.heard(origin, body, now=sandbox.now())
    sending.keep(sandbox, message, content_sid=None, variables={}, profile_name=name, outcome=None)
    outcome = await _tell(sandbox, message, name=name, token=_account(sandbox)[1])
    if message["sid"] in sandbox.templates:
        sandbox.templates[message["sid"]]["outcome"] = outcome.plain()
    return message, outcome


async def repeat(sandbox: Sandbox, message: Json) -> Outcome:
    """Tell the program of a message once more, as a network that lost the first answer would."""
    name = sandbox.templates[message["sid"]]["profile_name"]
    return await _tell(sandbox, message, name=name, token=_account(sandbox)[1])


async def forge(sandbox: Sandbox, *, origin: str, to: str | None, body: str, name: str) -> tuple[Json, Outcome]:
    """Somebody else writes in a phone's name, without the token: no window opens and nothing is kept."""
    message = _written(sandbox, origin=origin, to=to, body=body)
    return message, await _tell(sandbox, message, name=name, token=_FORGERS_TOKEN)


def _written(sandbox: Sandbox, *, origin: str, to: str | None, body: str) -> Json:
    form = {"From": origin, "To": to or sending.sender(sandbox)}
    return whatsapp.message(
        form, sid=mint_hex("SM"), account=_account(sandbox)[0], body=body, direction="inbound", now=sandbox.now()
    )


def _account(sandbox: Sandbox) -> tuple[str, str]:
    sid, token = sandbox.phones.account or (environment.TWILIO_SID, environment.TWILIO_TOKEN)
    return sandbox.targets.twilio_sid or sid, sandbox.targets.twilio_token or token


async def _tell(sandbox: Sandbox, message: Json, *, name: str, token: str) -> Outcome:
    url = sandbox.targets.inbound_url
    if not url:
        return Outcome(error="no inbound_url is configured: nobody was told")
    parameters = _parameters(message, name)
    answer = await sandbox.errands.ask(
        url, body=urlencode(parameters).encode(), headers=signed(url, parameters, token), patience=PATIENCE
    )
    if isinstance(answer, str):
        return Outcome(error=answer)
    outcome = Outcome(status=answer.status)
    if not outcome.taken:
        outcome.error = f"the receiver answered {answer.status}"
        return outcome
    _answer(sandbox, message, answer.kind, answer.text, outcome)
    return outcome


def _answer(sandbox: Sandbox, message: Json, kind: str, text: str, outcome: Outcome) -> None:
    account, token = _account(sandbox)
    try:
        bodies = twiml.replies(kind, text)
        outcome.reply = "\n".join(bodies) or None
        for body in bodies:
            form = {"From": message["to"], "To": message["from"], "Body": body}
            sent = sending.send(sandbox, form, account=account, token=token, direction="outbound-reply")
            outcome.replies += (sent["sid"],)
    except TwilioError as refused:
        outcome.error = f"{refused.code}: {refused}"
    except ValueError as error:
        outcome.error = str(error)


def _parameters(message: Json, name: str) -> dict[str, str]:
    return {
        "AccountSid": message["account_sid"],
        "ApiVersion": message["api_version"],
        "Body": message["body"],
        "From": message["from"],
        "MessageSid": message["sid"],
        "NumMedia": message["num_media"],
        "NumSegments": message["num_segments"],
        "ProfileName": name,
        "ReferralNumMedia": "0",
        "SmsMessageSid": message["sid"],
        "SmsSid": message["sid"],
        "SmsStatus": message["status"],
        "To": message["to"],
        "WaId": message["from"].removeprefix("whatsapp:+"),
    }
