"""Many clients at one instant: each asks one thing over a connection of its own, and all start together."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import aiohttp
import stripe
from django.conf import settings

from booking.models import Booking, ClassSession
from payments.models import CreditPack, PackPurchase
from tests.cast import WEBHOOK, Caller, Sandbox
from tests.races.scores import scores

PATIENCE = aiohttp.ClientTimeout(total=60)
NEWEST = 20
JSON = {"Content-Type": "application/json"}
Http = aiohttp.ClientSession


@dataclass(frozen=True)
class Ask:
    """One request, ready to be sent."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    method: str = "POST"

    def without(self, guard: str) -> "Ask":
        """The same, asked of the program without one of its guards; see `unguarded`."""
        return replace(self, headers={**self.headers, "X-Without": guard})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of a refusal; empty for everything else."""
        return str(self.json["errors"][0]["code"]) if self.status >= 400 else ""


def book(caller: Caller, session: ClassSession, pay_with: str = "auto", key: str | None = None) -> Ask:
    named = {"Idempotency-Key": key} if key is not None else {}
    body = json.dumps({"pay_with": pay_with}).encode()
    return Ask(f"/api/booking/sessions/{session.pk}/book/", {**JSON, **caller.headers, **named}, body)


def buy(caller: Caller, pack: CreditPack, key: str | None = None) -> Ask:
    named = {"Idempotency-Key": key} if key is not None else {}
    return Ask(f"/api/payments/packs/{pack.pk}/buy/", {**JSON, **caller.headers, **named})


def refund(caller: Caller, purchase: PackPurchase) -> Ask:
    """What staff ask of a pack that is given back."""
    return Ask(f"/api/payments/purchases/{purchase.reference}/refund/", {**JSON, **caller.headers})


def sync(caller: Caller, purchase: PackPurchase) -> Ask:
    return Ask(f"/api/payments/purchases/{purchase.reference}/sync/", {**JSON, **caller.headers})


def cancel(caller: Caller, booking: Booking) -> Ask:
    return Ask(f"/api/booking/bookings/{booking.reference}/cancel/", {**JSON, **caller.headers})


def change(caller: Caller, session: ClassSession, **fields: Any) -> Ask:
    """What staff write into a session."""
    path = f"/api/booking/sessions/{session.pk}/"
    return Ask(path, {**JSON, **caller.headers}, json.dumps(fields).encode(), "PATCH")


def act_in_admin(caller: Caller, model: str, action: str, pk: int) -> Ask:
    """What staff do to one row in the admin's list, from a browser that is signed in."""
    return press(caller, f"/admin/{model}/", action=action, _selected_action=str(pk))


def press(caller: Caller, path: str, **form: str) -> Ask:
    """What a browser that is signed in sends when somebody presses the button of a form."""
    token = "t" * 32
    cookies = f"sessionid={caller.headers['X-Session-Token']}; csrftoken={token}"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
    return Ask(path, headers, urlencode({"csrfmiddlewaretoken": token, **form}).encode())


def tell(event: Mapping[str, Any]) -> Ask:
    """An event as Stripe posts it, its signature really computed."""
    payload = json.dumps(event)
    [secret] = settings.STRIPE_WEBHOOK_SECRETS
    signature = stripe.WebhookSignature.generate_signature_header(payload, secret)
    return Ask(WEBHOOK, {**JSON, "Stripe-Signature": signature}, payload.encode())


def at_once(base: str, asks: Sequence[Ask]) -> list[Answer]:
    """Ask all of it at one instant; the answers in the order of the questions."""

    def turn(ask: Ask) -> Callable[[Http], Awaitable[Answer]]:
        return lambda http: send(http, base, ask)

    return together([turn(ask) for ask in asks])


def together(acts: Sequence[Callable[[Http], Awaitable[Any]]]) -> list[Any]:
    """Let all the acts begin at one instant, behind a barrier; what each returned, in their order."""

    async def run() -> list[Any]:
        barrier = asyncio.Barrier(len(acts))

        async def begin(act: Callable[[Http], Awaitable[Any]], http: Http) -> Any:
            await barrier.wait()
            return await act(http)

        # A kept connection may be closed by the server at the instant it is used again, which says nothing of the race.
        async with Http(timeout=PATIENCE, connector=aiohttp.TCPConnector(limit=0, force_close=True)) as http:
            return await asyncio.gather(*(begin(act, http) for act in acts))

    begun = time.monotonic()
    try:
        return asyncio.run(run())
    finally:
        scores.present.ran(len(acts), time.monotonic() - begun)


async def send(http: Http, base: str, ask: Ask) -> Answer:
    url, more = base + ask.path, {"data": ask.body, "headers": ask.headers, "allow_redirects": False}
    async with http.request(ask.method, url, **more) as answer:
        scores.present.heard(answer.status)
        return Answer(answer.status, dict(answer.headers), await answer.text())


async def look(http: Http, base: str, caller: Caller, booking: Booking) -> Answer:
    path = f"/api/booking/bookings/{booking.reference}/"
    async with http.get(base + path, headers=caller.headers) as answer:
        return Answer(answer.status, dict(answer.headers), await answer.text())


async def pay(http: Http, sandbox: Sandbox, intent: str) -> bool:
    """The payer's card pays at Stripe, unless the intent has ended."""
    async with http.post(f"{sandbox.base}/_sandbox/payment_intents/{intent}/confirm", json={}) as answer:
        paid = await answer.json()
    assert answer.status == 200 or paid["error"]["code"] == "payment_intent_unexpected_state", paid
    return answer.status == 200


async def event_of(sandbox: Sandbox, intent: str, type_: str = "payment_intent.succeeded") -> Any:
    """The event of that type that tells of this intent; it has just happened, so the newest are looked at first."""
    newest = await asyncio.to_thread(sandbox.stripe, "events", limit=NEWEST, type=type_)
    return next(_about(intent, newest["data"]), None) or next(
        _about(intent, await asyncio.to_thread(sandbox.events, type_))
    )


def _about(intent: str, events: Sequence[Any]) -> Iterator[Any]:
    names = ("id", "payment_intent")
    return (one for one in events if intent in [one["data"]["object"].get(name) for name in names])


def tally(answers: Sequence[Answer]) -> Counter[tuple[int, str]]:
    """How many answers of each status and code."""
    return Counter((answer.status, answer.code) for answer in answers)
