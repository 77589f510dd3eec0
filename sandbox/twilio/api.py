"""What the sandbox serves of the Twilio API: messages, sent, fetched and listed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from sandbox import callers
from sandbox.faults import spoiling
from sandbox.faults.script import Fault
from sandbox.ids import mint_hex
from sandbox.journal import Entry
from sandbox.replies import Reply
from sandbox.state import SANDBOX, Sandbox
from sandbox.twilio import whatsapp
from sandbox.twilio.status_callbacks import play

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
    sandbox, form = asked.sandbox, asked.form
    variables = whatsapp.check(form)
    body = form.get("Body") or " | ".join(variables.values())
    message = whatsapp.message(form, sid=mint_hex("SM"), account=asked.account, body=body, now=sandbox.now())
    sandbox.messages.put(message, identifier="sid")
    sandbox.templates[message["sid"]] = {"content_sid": form.get("ContentSid"), "variables": variables}
    if sandbox.on_message is not None:
        sandbox.on_message(message | sandbox.templates[message["sid"]])
    sandbox.errands.start(play(sandbox, message, form, asked.token))
    return 201, message


def retrieve(asked: Asked) -> tuple[int, Json]:
    """One message as it stands now."""
    message = asked.sandbox.messages.find(asked.sid)
    if message is None or message["account_sid"] != asked.account:
        raise whatsapp.TwilioError(404, 20404, f"The requested resource /Messages/{asked.sid}.json was not found")
    return 200, message


def list_messages(asked: Asked) -> tuple[int, Json]:
    """Messages, newest first, by recipient, sender and moment."""
    form = asked.form
    try:
        size, page = min(int(form.get("PageSize", 50)), 1000), int(form.get("Page", 0))
        mine = (m for m in asked.sandbox.messages.newest_first() if m["account_sid"] == asked.account)
        found = [message for message in mine if _passes(message, form)]
    except ValueError as error:
        raise whatsapp.TwilioError(400, 20001, f"Invalid filter: {error}") from error
    if size < 1 or page < 0:
        raise whatsapp.TwilioError(400, 20006, "PageSize must be at least 1 and Page at least 0")
    first, last = page * size, (page + 1) * size
    return 200, {
        "messages": found[first:last],
        "page": page,
        "page_size": size,
        "uri": _page_uri(asked, page),
        "first_page_uri": _page_uri(asked, 0),
        "next_page_uri": _page_uri(asked, page + 1) if len(found) > last else None,
        "previous_page_uri": _page_uri(asked, page - 1) if page else None,
    }


def refuse(asked: Asked) -> tuple[int, Json]:
    """No such path here."""
    raise whatsapp.TwilioError(404, 20404, "The sandbox serves messages only")


def _page_uri(asked: Asked, page: int) -> str:
    return f"{_MESSAGES.format(account=asked.account)}.json?{urlencode(asked.form | {'Page': str(page)})}"


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
    except whatsapp.TwilioError as refused:
        return Reply.of(refused.status, refused.body)
    return Reply.of(status, thing)


def _authenticate(request: web.Request) -> tuple[str, str]:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    sid, token = callers.basic(credentials) if scheme.lower() == "basic" else ("", "")
    targets = request.app[SANDBOX].targets
    account = request.match_info.get("account", sid)
    known = targets.twilio_sid in (None, sid) and targets.twilio_token in (None, token)
    if not (sid.startswith("AC") and token and sid == account and known):
        raise whatsapp.TwilioError(401, 20003, "Authenticate")
    return sid, token


def _scripted(fault: Fault) -> Reply:
    status = fault.status
    code = {401: 20003, 404: 20404, 429: 20429}.get(status, 20000 + status)
    return Reply.of(status, whatsapp.TwilioError(status, code, f"The sandbox was told to answer {status}.").body)
