"""What the sandbox serves of the Twilio API: messages, sent, fetched and listed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox import callers
from sandbox.faults import spoiling
from sandbox.faults.script import Fault
from sandbox.ids import mint_hex
from sandbox.journal import Entry
from sandbox.replies import Reply
from sandbox.state import SANDBOX, Sandbox
from sandbox.twilio import lists
from sandbox.twilio.refusals import TwilioError
from sandbox.twilio.sending import send

Json = dict[str, Any]

_MESSAGES = "/2010-04-01/Accounts/{account}/Messages"


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the API under /2010-04-01/; whatever is not served answers Twilio's 404."""
    router.add_post(_MESSAGES + ".json", _serve(create))
    router.add_get(_MESSAGES + ".json", _serve(list_messages))
    router.add_get(_MESSAGES + "/{sid}.json", _serve(retrieve))
    router.add_route("*", "/2010-04-01/{anything:.*}", _serve(refuse))


@dataclass(frozen=True)
class Asked:
    """One request whose account was accepted."""

    sandbox: Sandbox
    account: str
    token: str
    form: dict[str, str]
    sid: str


def create(asked: Asked) -> tuple[int, Json]:
    """Accept a message; its statuses follow in the background."""
    return 201, send(asked.sandbox, asked.form, account=asked.account, token=asked.token)


def retrieve(asked: Asked) -> tuple[int, Json]:
    """One message as it stands now."""
    message = asked.sandbox.messages.find(asked.sid)
    if message is None or message["account_sid"] != asked.account:
        raise TwilioError(404, 20404, f"The requested resource /Messages/{asked.sid}.json was not found")
    return 200, message


def list_messages(asked: Asked) -> tuple[int, Json]:
    """Messages, newest first, by recipient, sender and moment."""
    mine = (message for message in asked.sandbox.messages.newest_first() if message["account_sid"] == asked.account)
    return 200, lists.page(mine, asked.form, path=_MESSAGES.format(account=asked.account) + ".json")


def refuse(asked: Asked) -> tuple[int, Json]:
    """No such path here."""
    raise TwilioError(404, 20404, "The sandbox serves messages only")


_Act = Callable[[Asked], tuple[int, Json]]


def _serve(act: _Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        sandbox = request.app[SANDBOX]
        struck = sandbox.faults.take(request.method, request.path)
        entry = Entry(sandbox.now(), request.method, request.path, mint_hex("RQ"), None, fault=struck.kind)
        sandbox.journal.add(entry)
        body = await request.read()
        encoded = body.decode(errors="replace") if request.method == "POST" else request.query_string
        form = dict(parse_qsl(encoded))
        entry.note(form)

        async def reply() -> Reply:
            await spoiling.pause(struck, "hang_before")
            truth = _reply(request, act, form)
            if struck.fault is not None and struck.kind == "status_after":
                return _scripted(struck.fault)
            return truth

        def respond(sent: Reply) -> web.Response:
            entry.status = sent.status
            return sent.response({"Twilio-Request-Id": entry.request_id})

        return await spoiling.answered(request, struck, reply=reply, refusal=_scripted, respond=respond)

    return handle


def _reply(request: web.Request, act: _Act, form: dict[str, str]) -> Reply:
    try:
        account, token = _authenticate(request)
        asked = Asked(
            sandbox=request.app[SANDBOX],
            account=account,
            token=token,
            form=form,
            sid=request.match_info.get("sid", ""),
        )
        status, thing = act(asked)
    except TwilioError as refused:
        return Reply.of(refused.status, refused.body)
    return Reply.of(status, thing)


def _authenticate(request: web.Request) -> tuple[str, str]:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    sid, token = callers.basic(credentials) if scheme.lower() == "basic" else ("", "")
    targets = request.app[SANDBOX].targets
    account = request.match_info.get("account", sid)
    known = targets.twilio_sid in (None, sid) and targets.twilio_token in (None, token)
    if not (sid.startswith("AC") and token and sid == account and known):
        raise TwilioError(401, 20003, "Authenticate")
    request.app[SANDBOX].phones.account = sid, token
    return sid, token


def _scripted(fault: Fault) -> Reply:
    status = fault.status
    code = {401: 20003, 404: 20404, 429: 20429}.get(status, 20000 + status)
    return Reply.of(status, TwilioError(status, code, f"The sandbox was told to answer {status}.").body)
