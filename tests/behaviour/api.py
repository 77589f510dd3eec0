"""Stripe as these tests reach it: the sandbox of this machine, or the real test mode with somebody's key."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from tests.contract import objects

VERSION = "2026-10-28.endive"
REAL = "https://api.stripe.com"
Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer of the API."""

    status: int
    headers: Any
    body: Json

    @property
    def error(self) -> Json:
        """The error of an answer that is one."""
        assert self.status >= 400, self.body
        return self.body["error"]

    def refusal(self) -> tuple[Any, ...]:
        """Status, type, code and parameter of a refusal."""
        return (self.status, *(self.error.get(name) for name in ("type", "code", "param")))


@dataclass
class Api:
    """A caller with a secret key, who looks at the shape of everything answered."""

    base: str
    key: str
    publishable: str | None = None
    between: float = 0.0  # seconds: test mode takes 25 requests a second
    _pace: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0

    @property
    def real(self) -> bool:
        """Whether this is Stripe itself."""
        return self.base == REAL

    def ask(
        self,
        method: str,
        path: str,
        form: Json | None = None,
        *,
        once: str | None = None,
        version: str | None = VERSION,
        account: str | None = None,
        **headers: str,
    ) -> Answer:
        """One request; `once` is its idempotency key, `account` another API key than the secret one."""
        key = self.key if account is None else account
        if key:
            headers["Authorization"] = f"Bearer {key}"
        headers |= {"Stripe-Version": version} if version else {}
        headers |= {"Idempotency-Key": once} if once else {}
        self._keep_pace()
        pairs = list(encoded(form or {}))
        sent = {"params": pairs} if method == "GET" else {"data": pairs}
        got = requests.request(method, self.base + path, headers=headers, timeout=30, **sent)
        answer = Answer(got.status_code, got.headers, got.json())
        if version == VERSION and not key.startswith("pk_"):
            self._check_shapes(answer.body, f"{method} {path}")
        return answer

    def post(self, path: str, form: Json | None = None, **more: Any) -> Answer:
        """Act."""
        return self.ask("POST", f"/v1/{path}", form, **more)

    def get(self, path: str, form: Json | None = None, **more: Any) -> Answer:
        """Look."""
        return self.ask("GET", f"/v1/{path}", form, **more)

    def intent(self, **changes: Any) -> Json:
        """A new intent for cards over 15 pounds, with changes."""
        answer = self.post("payment_intents", cards_only(**changes))
        assert answer.status == 200, answer.body
        return answer.body

    def confirm(self, intent: Json, card: str | None = None, **more: Any) -> Answer:
        """Try to pay an intent."""
        form = {**({"payment_method": card} if card else {}), **more}
        return self.post(f"payment_intents/{intent['id']}/confirm", form)

    def now(self, intent: Json) -> Json:
        """An intent as it stands now."""
        return self.get(f"payment_intents/{intent['id']}").body

    def paid(self, card: str = "pm_card_visa", **changes: Any) -> Json:
        """An intent that is paid."""
        answer = self.confirm(self.intent(**changes), card)
        assert answer.status == 200, answer.body
        assert answer.body["status"] == "succeeded"
        return answer.body

    def events(self, thing: Json, *kinds: str) -> list[Json]:
        """The events of an object, newest first."""
        form = {"limit": 100, **({"types": list(kinds)} if kinds else {})}
        listed = self.get("events", form).body["data"]
        return [event for event in listed if event["data"]["object"].get("id") == thing["id"]]

    def eventually(self, look: Callable[[], Any]) -> Any:
        """The first truthy answer of `look`, asked again for a while: what follows an act may take its time."""
        deadline = time.monotonic() + (30 if self.real else 5)
        while time.monotonic() < deadline:
            if seen := look():
                return seen
            time.sleep(0.5 if self.real else 0.01)
        raise AssertionError("it did not happen in time")

    def _keep_pace(self) -> None:
        with self._pace:
            wait = self._next - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self._next = time.monotonic() + self.between

    def _check_shapes(self, body: Json, where: str) -> None:
        found = objects.of_answer(body)
        if self.real:  # Stripe may answer with names that its own types do not list
            found = [problem for problem in found if not problem.endswith(": unknown")]
        assert found == [], where


def cards_only(**changes: Any) -> Json:
    """The parameters of an intent for cards over 15 pounds; what is changed to None is left out."""
    form = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"], **changes}
    return {name: value for name, value in form.items() if value is not None}


def unique() -> str:
    """An idempotency key that nobody has used."""
    return f"behaviour-{uuid4()}"


def encoded(form: Json, within: str = "") -> Iterator[tuple[str, str]]:
    """The pairs of a form in Stripe's brackets."""
    for name, value in form.items():
        full = f"{within}[{name}]" if within else name
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            yield from encoded(value, full)
        else:
            yield full, str(value).lower() if isinstance(value, bool) else str(value)
