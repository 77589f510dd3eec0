"""What arrives on a phone, and what it says back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.control.bodies import bad_request, body
from sandbox.state import SANDBOX, Sandbox
from sandbox.twilio import inbound, whatsapp

_WRITER = "Sandbox"


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the messages."""
    router.add_get("/_sandbox/messages", list_messages)
    router.add_post("/_sandbox/messages/inbound", write)


async def list_messages(request: web.Request) -> web.Response:
    """Every WhatsApp message, newest first, with its template and variables, or with who took it."""
    sandbox = request.app[SANDBOX]
    messages = [message | sandbox.templates[message["sid"]] for message in sandbox.messages.newest_first()]
    return web.json_response({"messages": messages})


async def write(request: web.Request) -> web.Response:
    """A phone writes to the program, once more, or somebody forges it; answers what the program made of it."""
    sandbox = request.app[SANDBOX]
    given = await body(request, dict.fromkeys(("from", "to", "body", "profile_name", "sid", "as"), str))
    way = given.get("as", "replayed" if "sid" in given else "itself")
    if way not in inbound.WAYS:
        raise bad_request(f"as must be one of {', '.join(inbound.WAYS)}")
    if way == "replayed":
        message = _inbound(sandbox, given.get("sid", ""))
        outcome = await inbound.repeat(sandbox, message)
    else:
        act = inbound.forge if way == "forged" else inbound.receive
        message, outcome = await act(sandbox, **_said(given))
    return web.json_response(
        {
            "sid": message["sid"],
            "as": way,
            **outcome.plain(),
            "window_ends": sandbox.phones.window_ends(message["from"]),
            "stopped": sandbox.phones.stopped(message["from"]),
        }
    )


def _inbound(sandbox: Sandbox, sid: str) -> dict[str, Any]:
    message = sandbox.messages.find(sid)
    if message is None or message["direction"] != "inbound":
        raise bad_request("sid: that of an inbound message is wanted")
    return message


def _said(given: dict[str, Any]) -> dict[str, Any]:
    if "sid" in given:
        raise bad_request("sid goes with as: replayed alone")
    for name in ("from", "to"):
        given[name] = _address(given[name]) if name in given else None
        if given[name] is not None and not whatsapp.is_address(given[name]):
            raise bad_request(f"{name}: a number like +447700900123 is wanted")
    if given["from"] is None or not given.get("body", "").strip():
        raise bad_request("from and body are wanted")
    if len(given["body"]) > whatsapp.LONGEST_TEXT:
        raise bad_request(f"body: at most {whatsapp.LONGEST_TEXT} characters")
    return {
        "origin": given["from"],
        "to": given["to"],
        "body": given["body"],
        "name": given.get("profile_name") or _WRITER,
    }


def _address(written: str) -> str:
    return f"whatsapp:{written.strip().removeprefix('whatsapp:')}"
