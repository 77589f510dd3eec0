"""Payers, their banks and a forger: what happens at Stripe without the program being asked."""

import json
import time
from typing import Any

import aiohttp
import stripe

from tests.chaos.house import House, Sandbox
from tests.chaos.notebook import Answer, Notebook

WEBHOOK = "/api/booking/stripe/webhook/"


class Payers:
    """Everybody who can move an intent."""

    def __init__(self, http: aiohttp.ClientSession, sandbox: Sandbox, house: House, notebook: Notebook) -> None:
        self.http = http
        self.sandbox = sandbox
        self.house = house
        self.notebook = notebook

    async def pay(self, intent: str, card: str) -> None:
        """Try a card."""
        await self._act("payer", f"tries {card}", intent, "confirm", payment_method=card)

    async def authenticate(self, intent: str, *, ok: bool) -> None:
        """Answer the issuer's question."""
        await self._act("payer", "passes 3-D Secure" if ok else "fails 3-D Secure", intent, "authenticate", ok=ok)

    async def settle(self, intent: str, *, ok: bool) -> None:
        """The bank ends what is processing."""
        await self._act("bank", "settles" if ok else "refuses", intent, "settle", ok=ok)

    async def _act(self, who: str, what: str, intent: str, route: str, **body: Any) -> None:
        deed = self.notebook.note(who, what, intent=intent)
        told = await self.sandbox.control(self.http, "POST", f"payment_intents/{intent}/{route}", **body)
        error = told.get("error")
        deed.outcome = f"{error.get('code')}" if error else told["status"]

    async def forge(self, reference: str, intent: str) -> None:
        """Tell the program, with a secret of one's own, that the intent was paid."""
        deed = self.notebook.note("forger", "claims a success", intent=intent, reference=reference)
        there = next(one for one in await self.sandbox.listed(self.http, "payment_intents") if one["id"] == intent)
        paid = {**there, "status": "succeeded", "amount_received": there["amount"]}
        event = {
            "id": f"evt_forged_{intent}",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": int(time.time()),
            "livemode": False,
            "type": "payment_intent.succeeded",
            "data": {"object": paid},
        }
        payload = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(payload, "whsec_of_a_forger")
        answer = Answer(deed.at, deed.at, 0, "forge", reference=reference)
        self.notebook.answers.append(answer)
        try:
            headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
            async with self.http.post(f"{self.house.base}{WEBHOOK}", data=payload, headers=headers) as told:
                answer.status = told.status
        except (aiohttp.ClientError, OSError) as silence:
            answer.code = type(silence).__name__
        answer.heard = self.notebook.clock.now()
        deed.outcome = str(answer.status)
