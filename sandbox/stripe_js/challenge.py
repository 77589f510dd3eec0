"""The issuer's question (3-D Secure): a page to leave for, and the answer from there or from the dialog."""

from __future__ import annotations

import hmac
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from sandbox.state import SANDBOX
from sandbox.stripe import errors, payments

Json = dict[str, Any]

POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}

_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>3-D Secure</title>
    <link rel="stylesheet" href="/stripe_js/look.css">
  </head>
  <body class="question alone">
    <main>
      <div class="bank"><span>Your bank</span><span>3-D Secure, test</span></div>
      <h1>Is this you?</h1>
      <p>A payment of <strong>{amount}</strong> is waiting for your word.</p>
      <form method="post" class="acts">
        <input type="hidden" name="client_secret" value="{secret}">
        <button name="ok" value="true" class="yes" id="test-source-authorize-3ds">Complete</button>
        <button name="ok" value="false" id="test-source-fail-3ds">Fail</button>
      </form>
      <small>Then you return to {place}. No bank is asked: this is the sandbox.</small>
    </main>
  </body>
</html>
"""


async def show(request: web.Request) -> web.Response:
    """The question as a page of its own; one that is settled leads straight back."""
    intent = _own_intent(request, request.query.get("payment_intent_client_secret"))
    return_url = _return_url(intent)
    if return_url is None:
        raise web.HTTPConflict(text=f"Nobody is asked: the payment intent has a status of {intent['status']}.")
    page = _PAGE.format(
        amount=_price(intent),
        secret=escape(intent["client_secret"]),
        place=escape(urlsplit(return_url).hostname or return_url),
    )
    return web.Response(text=page, content_type="text/html", headers={**POLICY, "Cache-Control": "no-store"})


async def answer(request: web.Request) -> web.Response:
    """The payer's answer; the intent for whoever asks for JSON, else the way back to the page that was left."""
    form = await request.post()
    intent = _own_intent(request, str(form.get("client_secret", "")))
    return_url, refusal = _return_url(intent), None
    try:
        payments.authenticate(request.app[SANDBOX], intent, ok=form.get("ok") == "true")
    except errors.StripeError as error:
        refusal = error
    if "application/json" in request.headers.get("Accept", ""):
        thing = refusal.body if refusal else _visible(intent)
        return web.json_response(thing, status=refusal.status if refusal else 200)
    if return_url is None:
        raise web.HTTPConflict(text=f"The payment intent has a status of {intent['status']}.")
    return web.Response(status=303, headers={"Location": _way_back(return_url, intent), **POLICY})


def _own_intent(request: web.Request, secret: str | None) -> Json:
    intent = request.app[SANDBOX].intents.find(request.match_info["id"])
    if intent is None or not hmac.compare_digest(intent["client_secret"].encode(), (secret or "").encode()):
        raise web.HTTPNotFound(text="No payment intent has this id and this client secret.")
    return intent


def _return_url(intent: Json) -> str | None:
    action = intent["next_action"] or {}
    return (action.get("redirect_to_url") or {}).get("return_url")


def _way_back(return_url: str, intent: Json) -> str:
    status = {"succeeded": "succeeded", "processing": "pending"}.get(intent["status"], "failed")
    parts = urlsplit(return_url)
    told = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": status,
    }
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *told.items()])
    return urlunsplit(parts._replace(query=query))


def _price(intent: Json) -> str:
    amount, currency = intent["amount"], intent["currency"].upper()
    return f"{amount} {currency}" if currency == "JPY" else f"{amount / 100:.2f} {currency}"


def _visible(intent: Json) -> Json:
    return {name: value for name, value in intent.items() if name != "metadata"}
