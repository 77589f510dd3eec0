"""The cast and what they do: Ana books, Ben is another member, Carla works at the front desk."""

import json
from datetime import datetime, timedelta
from typing import Any

import requests
import stripe
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member
from payments import credits

WEBHOOK = "/api/booking/stripe/webhook/"


class Caller:
    """A client that speaks JSON as a member does: with a session token, or as nobody."""

    def __init__(self, member: Member | None = None) -> None:
        self.http = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if member is not None:
            browser = Client()
            browser.force_login(member)
            self.headers["X-Session-Token"] = browser.cookies["sessionid"].value

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, query, headers=self.headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
        return self.http.generic(method, path, data, content_type="application/json", headers={**self.headers, **named})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None) -> Any:
        return self.send("PATCH", path, body)

    def book(self, session: ClassSession, pay_with: str | None = None, key: str | None = None) -> Any:
        headers = {"Idempotency_Key": key} if key is not None else {}
        body = {"pay_with": pay_with} if pay_with else {}
        return self.post(f"/api/booking/sessions/{session.pk}/book/", body, **headers)

    def booking(self, reference: str) -> Any:
        return self.get(f"/api/booking/bookings/{reference}/").json()

    def history(self, reference: str) -> list[tuple[str | None, str, str]]:
        rows = self.get(f"/api/booking/bookings/{reference}/history/").json()["results"]
        return [(row["from"], row["to"], row["reason"]) for row in rows]


class Sandbox:
    """The Stripe and the Twilio of the tests, by their control routes."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = requests.Session()

    def control(self, verb: str, route: str, /, **body: Any) -> Any:
        answer = self.http.request(verb, f"{self.base}/_sandbox/{route}", json=body, timeout=10)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.content else None

    def reset(self) -> None:
        self.control("POST", "reset")
        self.control("DELETE", "faults")

    def fault(self, fault: str, path: str, method: str = "POST", times: int | None = 1, **more: Any) -> None:
        self.control("POST", "faults", fault=fault, path=path, method=method, times=times, **more)

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def pays(self, intent_id: str, method: str = "pm_card_visa") -> Any:
        return self.control("POST", f"payment_intents/{intent_id}/confirm", payment_method=method)

    def stripe(self, path: str, **query: Any) -> Any:
        auth = (settings.STRIPE_SECRET_KEY, "")
        return self.http.get(f"{self.base}/v1/{path}", params=query, auth=auth, timeout=10).json()

    def cancel(self, intent_id: str) -> Any:
        auth = (settings.STRIPE_SECRET_KEY, "")
        return self.http.post(f"{self.base}/v1/payment_intents/{intent_id}/cancel", auth=auth, timeout=10).json()

    def every(self, path: str, **query: Any) -> list[Any]:
        """All of a list, however many pages it has; newest first."""
        rows: list[Any] = []
        while True:
            after = {"starting_after": rows[-1]["id"]} if rows else {}
            page = self.stripe(path, limit=100, **query, **after)
            rows += page["data"]
            if not page["has_more"]:
                return rows

    def intents(self) -> list[Any]:
        return self.every("payment_intents")

    def intent(self, intent_id: str) -> Any:
        return self.stripe(f"payment_intents/{intent_id}")

    def events(self, type_: str) -> list[Any]:
        return self.every("events", type=type_)

    def messages(self) -> list[Any]:
        return self.control("GET", "messages")["messages"]

    def creates(self) -> int:
        """How often the program has asked for an intent to be made."""
        journal = self.control("GET", "requests")["requests"]
        return sum(row["method"] == "POST" and row["path"] == "/v1/payment_intents" for row in journal)


def tell(event: Any, secret: str | None = None, at: datetime | None = None) -> Any:
    """Post an event as Stripe does, its signature really computed."""
    payload = json.dumps(event)
    return tell_raw(payload.encode(), secret, at)


def tell_raw(payload: bytes, secret: str | None = None, at: datetime | None = None) -> Any:
    secret = secret or settings.STRIPE_WEBHOOK_SECRETS[0]
    stamp = int(at.timestamp()) if at else None
    header = stripe.WebhookSignature.generate_signature_header(payload.decode(), secret, timestamp=stamp)
    return Client(raise_request_exception=False).post(
        WEBHOOK, payload, content_type="application/json", headers={"Stripe-Signature": header}
    )


def intent_of(answer: Any) -> str:
    """The intent an answer's secret belongs to."""
    return answer.json()["stripe_client_secret"].split("_secret_")[0]


def paid_by_card(caller: Caller, one: ClassSession, sandbox: Sandbox) -> str:
    """Book it by card, pay, and hear of it; the booking's reference."""
    held = caller.book(one, "card")
    sandbox.pays(intent_of(held))
    for event in sandbox.events("payment_intent.succeeded"):
        tell(event)
    reference = str(held.json()["reference"])
    assert caller.booking(reference)["status"] == "paid"
    return reference


def hired(role: str, **fields: Any) -> Member:
    """Somebody of the staff with this role."""
    values = {"name": role, **fields}
    email = f"{role.lower().replace(' ', '-')}@example.com"
    member = Member.objects.create_user(email, "works-at-the-studio", is_staff=True, **values)
    member.groups.add(Group.objects.get(name=role))
    return member


def session(**fields: Any) -> ClassSession:
    """Yoga in two days, ten seats, 15 pounds or one credit."""
    starts_at = fields.pop("starts_at", timezone.now() + timedelta(days=2))
    values = {
        "title": "Yoga",
        "instructor": "Isla",
        "location": "Studio 1",
        "capacity": 10,
        "amount": 1500,
        "currency": "gbp",
        "credits_required": 1,
        "ends_at": starts_at + timedelta(hours=1),
        **fields,
    }
    return ClassSession.objects.create(starts_at=starts_at, **values)


def give_credits(member: Member, number: int, expires_at: datetime | None = None) -> None:
    credits.grant(
        member=member, credits=number, note="test", granted_by=None, now=timezone.now(), expires_at=expires_at
    )


def code(answer: Any) -> str:
    """The code of a refusal, after a look at the envelope's shape."""
    body = answer.json()
    assert set(body) == {"type", "errors"}, body
    assert {"code", "detail", "attr"} == set(body["errors"][0])
    return str(body["errors"][0]["code"])


def seats_match() -> bool:
    """The first law: seats taken are the holding bookings, session by session."""
    return all(
        one.seats_taken == one.bookings.filter(status__in=Booking.HOLDING).count() <= one.capacity
        for one in ClassSession.objects.all()
    )


def age(reference: str, minutes: int) -> None:
    """Make a booking older, as if that many minutes had passed since it was made."""
    delta = timedelta(minutes=minutes)
    row = Booking.objects.get(reference=reference)
    row.created_at -= delta
    row.expires_at = row.expires_at - delta if row.expires_at else None
    row.save(update_fields=["created_at", "expires_at"])
