"""Everybody wants the same few seats at the same moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import bench.prepared  # noqa: F401 - sets Django up

# isort: split
from django.utils import timezone

from bench import crowd
from bench.scaling.crowd import Ask, ask
from booking.models import ClassSession

CLIENTS = 500
SEATS = 20


@dataclass(frozen=True)
class Rush:
    """How everybody was answered, and how long the last of them waited."""

    clients: int
    seats: int
    booked: int
    refused: int
    failed: int
    seats_taken: int
    seconds: float


def measure(base: str) -> Rush:
    """One request of each client, all at once, for a session that is made for it."""
    start = timezone.now() + timedelta(days=30)
    session = ClassSession.objects.create(
        title="Yoga at seven",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        capacity=SEATS,
        amount=1500,
        currency="gbp",
        credits_required=1,
    )
    url = f"{base}/api/booking/sessions/{session.pk}/book/"
    answers = ask(
        [Ask("POST", url, crowd.token(number), {"pay_with": "credits"}) for number in range(CLIENTS)], clients=CLIENTS
    )
    session.refresh_from_db()
    booked, refused = answers.statuses[201], answers.statuses[409]
    return Rush(CLIENTS, SEATS, booked, refused, CLIENTS - booked - refused, session.seats_taken, answers.seconds)
