"""The hand on the sandbox: act as payer or bank, redeliver, script faults, look, reset. No key; this machine only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.replies import Reply
from sandbox.state import SANDBOX, Sandbox
from sandbox.stripe import errors, payments, webhooks


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the control routes under /_sandbox/."""
    router.add_post("/_sandbox/payment_intents/{id}/confirm", confirm)
    router.add_post("/_sandbox/payment_intents/{id}/authenticate", authenticate)
    router.add_post("/_sandbox/payment_intents/{id}/settle", settle)
    router.add_post("/_sandbox/events/{id}/deliver", deliver)
    router.add_post("/_sandbox/reset", reset)
    router.add_post("/_sandbox/configure", configure)
    router.add_get("/_sandbox/requests", list_requests)
    router.add_get("/_sandbox/messages", list_messages)
    router.add_get("/_sandbox/faults", list_faults)
    router.add_post("/_sandbox/faults", script_fault)
    router.add_delete("/_sandbox/faults", clear_faults)


async def confirm(request: web.Request) -> web.Response:
    """The payer tries a card."""
    body = await _body(request, {"payment_method": str, "return_url": str})
    body = {"payment_method": "pm_card_visa"} | body
    return _act(request, lambda sandbox, intent: payments.confirm(sandbox, intent, body, origin=payments.NO_REQUEST))


async def authenticate(request: web.Request) -> web.Response:
    """The payer passes or fails the issuer's question."""
    ok = (await _body(request, {"ok": bool})).get("ok", True)
    return _act(request, lambda sandbox, intent: payments.authenticate(sandbox, intent, ok=ok))


async def settle(request: web.Request) -> web.Response:
    """The bank ends a payment that is processing."""
    ok = (await _body(request, {"ok": bool})).get("ok", True)
    return _act(request, lambda sandbox, intent: payments.settle(sandbox, intent, ok=ok))


async def deliver(request: web.Request) -> web.Response:
    """Deliver an event once more, now, and answer what the receiver said."""
    sandbox = request.app[SANDBOX]
    if not sandbox.targets.webhook_url:
        return web.json_response({"error": "no webhook_url is configured"}, status=409)
    event = sandbox.events.find(request.match_info["id"])
    if event is None:
        return web.json_response({"error": "no such event"}, status=404)
    outcome = await webhooks.deliver_again(sandbox, event)
    answered = isinstance(outcome, int)
    return web.json_response(
        {"event": event["id"], "status": outcome if answered else None, "error": None if answered else outcome}
    )


async def reset(request: web.Request) -> web.Response:
    """Forget everything but the targets."""
    request.app[SANDBOX].reset()
    return web.Response(status=204)


async def configure(request: web.Request) -> web.Response:
    """Change where webhooks go and how they are signed, and whether Twilio calls back; answers the targets."""
    targets = request.app[SANDBOX].targets
    kinds = {"webhook_url": (str, type(None)), "webhook_secrets": list, "twilio_callbacks": bool}
    for name, value in (await _body(request, kinds)).items():
        setattr(targets, name, value)
    return web.json_response({"webhook_url": targets.webhook_url, "twilio_callbacks": targets.twilio_callbacks})


async def list_requests(request: web.Request) -> web.Response:
    """The journal of API requests, oldest first."""
    return web.json_response({"requests": request.app[SANDBOX].journal.listed()})


async def list_messages(request: web.Request) -> web.Response:
    """Every WhatsApp message accepted, newest first, with its template and variables."""
    sandbox = request.app[SANDBOX]
    messages = [message | sandbox.templates[message["sid"]] for message in sandbox.messages.newest_first()]
    return web.json_response({"messages": messages})


async def list_faults(request: web.Request) -> web.Response:
    """The faults that are scripted."""
    return web.json_response({"faults": [fault.plain() for fault in request.app[SANDBOX].faults.faults]})


async def script_fault(request: web.Request) -> web.Response:
    """Add one fault to the script."""
    try:
        fault = faults.Fault.scripted(await _body(request))
    except (ValueError, TypeError, AttributeError, re.error) as error:
        raise _bad_request(str(error)) from error
    request.app[SANDBOX].faults.faults.append(fault)
    return web.json_response(fault.plain(), status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """Nothing goes wrong any more."""
    request.app[SANDBOX].faults.faults.clear()
    return web.Response(status=204)


def _act(request: web.Request, act: Callable[[Sandbox, dict[str, Any]], dict[str, Any]]) -> web.Response:
    sandbox = request.app[SANDBOX]
    try:
        reply = Reply.of(200, act(sandbox, sandbox.intents.get(request.match_info["id"], param="intent")))
    except errors.StripeError as error:
        reply = Reply.of(error.status, error.body)
    return reply.response({})


async def _body(request: web.Request, kinds: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise _bad_request("the body must be JSON") from error
    if not isinstance(body, dict):
        raise _bad_request("the body must be a JSON object")
    for name, value in body.items():
        if kinds is not None and not isinstance(value, kinds.get(name, ())):
            raise _bad_request(f"{name}: unknown, or not of the right kind")
    return body


def _bad_request(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")
