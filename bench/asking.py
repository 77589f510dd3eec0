"""What the clients of a benchmark ask of the product and of the yardstick; each request is another member's."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import bench.prepared  # noqa: F401 - sets Django up

# isort: split
from django.db.models import F
from django.utils import timezone

from bench import crowd
from bench.load import request
from booking.models import Booking, BookingTransition, ClassSession
from payments.models import Payment

MANY = 4_000
WEBHOOK_SECRET = "whsec_bench_of_holdfast"
# Nobody books a session twice: the members of each are counted by themselves.
_members: defaultdict[int | None, count[int]] = defaultdict(count)
_lessons, _events = count(), count()
_dice = random.Random(7)


def bookings(session: int | None = None) -> list[str]:
    """Bookings of the product, with credits: of the session that is named, else of a thousand."""
    asked = []
    for _number in range(MANY):
        place = session or crowd.HOT + 1 + _dice.randrange(crowd.SESSIONS)
        headers = {"X-Session-Token": crowd.token(next(_members[session]) % crowd.MEMBERS)}
        path = f"/api/booking/sessions/{place}/book/"
        asked.append(request("POST", path, headers=headers, body=json.dumps({"pay_with": "credits"})))
    return asked


def reservations(*, hot: bool) -> list[str]:
    """Bookings of the yardstick."""
    asked = []
    for _number in range(MANY):
        lesson = 1 if hot else 2 + _dice.randrange(crowd.SESSIONS)
        headers = {"Authorization": f"Token {crowd.yardstick_token(next(_lessons) % crowd.MEMBERS)}"}
        asked.append(request("POST", "/reserve/", headers=headers, body=json.dumps({"lesson": lesson})))
    return asked


def schedule() -> list[str]:
    """The schedule's next fifty sessions, as anybody asks for them."""
    return [request("GET", f"/api/booking/sessions/?starts_after={timezone.now():%Y-%m-%dT%H:%M:%SZ}&page_size=50")]


def empty() -> list[str]:
    """The yardstick's empty view."""
    return [request("GET", "/empty/")]


def empty_behind_a_token() -> list[str]:
    """The yardstick's empty view for whoever has a token."""
    return [request("GET", "/empty-token/", headers={"Authorization": f"Token {crowd.yardstick_token(0)}"})]


def successes() -> list[str]:
    """As many holds as there are requests, written at once, and the events that pay them, signed now."""
    return [_success(payment) for payment in write_holds(MANY)]


def write_holds(count: int) -> list[Payment]:
    """So many holds, written at once with what belongs to them; their payments."""
    holds = list(held(count))
    Payment.objects.bulk_create([payment for payment, _booking in holds])
    Booking.objects.bulk_create([booking for _payment, booking in holds])
    BookingTransition.objects.bulk_create(
        BookingTransition(
            booking=booking, from_status="", to_status="pending", reason="hold", by="member", at=booking.created_at
        )
        for _payment, booking in holds
    )
    taken = Counter(booking.session_id for _payment, booking in holds)
    for session, seats in taken.items():
        ClassSession.objects.filter(pk=session).update(seats_taken=F("seats_taken") + seats)
    return [payment for payment, _booking in holds]


def held(count: int) -> Iterator[tuple[Payment, Booking]]:
    """As many holds that are paid for by card, not written yet."""
    now = timezone.now()
    for _number in range(count):
        n = next(_events)
        reference, member = f"W{n:07d}", crowd.FIRST + n % crowd.MEMBERS
        payment = Payment(
            reference=uuid.uuid4(),
            subject=f"booking:{reference}",
            member_id=member,
            amount=1500,
            currency="gbp",
            description="Yoga at seven",
            status="open",
            stripe_intent_id=f"pi_bench{n:016d}",
            created_at=now,
        )
        yield (
            payment,
            Booking(
                reference=reference,
                member_id=member,
                # A session of its own for each time the crowd comes round: nobody holds two seats of one.
                session_id=crowd.HELD + n // crowd.MEMBERS,
                status="pending",
                pay_with="card",
                amount=1500,
                currency="gbp",
                payment=payment,
                created_at=now,
                expires_at=now + timedelta(minutes=30),
            ),
        )


def _success(payment: Payment) -> str:
    intent = {
        "id": payment.stripe_intent_id,
        "object": "payment_intent",
        "amount": 1500,
        "amount_received": 1500,
        "currency": "gbp",
        "livemode": False,
        "metadata": {"payment": str(payment.reference)},
        "status": "succeeded",
    }
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "type": "payment_intent.succeeded",
        "data": {"object": intent},
    }
    body, at = json.dumps(event), int(time.time())
    signed = hmac.new(WEBHOOK_SECRET.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={signed}"}
    return request("POST", "/api/booking/stripe/webhook/", headers=headers, body=body)
