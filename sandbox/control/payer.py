"""What a payer and a bank can do to a payment intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.control.acts import done
from sandbox.control.bodies import body
from sandbox.state import SANDBOX, Sandbox
from sandbox.stripe import payments

_INTENT = "/_sandbox/payment_intents/{id}"


def add_routes(router: web.UrlDispatcher) -> None:
    """Mount the acts on intents."""
    router.add_post(_INTENT + "/confirm", confirm)
    router.add_post(_INTENT + "/authenticate", authenticate)
    router.add_post(_INTENT + "/settle", settle)


async def confirm(request: web.Request) -> web.Response:
    """The payer tries a card: a token, or the number of a test card."""
    given = {"payment_method": "pm_card_visa"} | await body(request, {"payment_method": str, "return_url": str})
    if given["payment_method"].isdecimal():
        card = {"number": given.pop("payment_method"), "exp_month": 12, "exp_year": 2040, "cvc": "123"}
        given["payment_method_data"] = {"type": "card", "card": card}
    return _act(request, lambda sandbox, intent: payments.confirm(sandbox, intent, given, origin=payments.NO_REQUEST))


async def authenticate(request: web.Request) -> web.Response:
    """The payer passes or fails the issuer's question."""
    ok = (await body(request, {"ok": bool})).get("ok", True)
    return _act(request, lambda sandbox, intent: payments.authenticate(sandbox, intent, ok=ok))


async def settle(request: web.Request) -> web.Response:
    """The bank ends a payment that is processing."""
    ok = (await body(request, {"ok": bool})).get("ok", True)
    return _act(request, lambda sandbox, intent: payments.settle(sandbox, intent, ok=ok))


def _act(request: web.Request, act: Callable[[Sandbox, dict[str, Any]], dict[str, Any]]) -> web.Response:
    sandbox = request.app[SANDBOX]
    return done(lambda: act(sandbox, sandbox.intents.get(request.match_info["id"], param="intent")))
