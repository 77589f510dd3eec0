"""One trial: a member with a session of their own, what they ask of the program, and what they heard."""

import http.client
import json
import select
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from booking import checkout
from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import Payment
from tests.cast import Caller, Sandbox, session
from tests.faults.house import House
from tests.races.clients import Ask

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Heard:
    """An answer that arrived."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Trial:
    """Everything of it belongs to nobody else, so that many trials can be recovered and judged together."""

    label: str
    sandbox: Sandbox
    member: Member
    caller: Caller
    session: ClassSession
    began_at: datetime
    booking: Booking | None = None
    intent: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    pays: bool = False

    def hears(self, heard: Heard | None) -> None:
        """Keep what was answered, if anything was."""
        if heard is not None:
            self.heard.append(heard)

    @property
    def acknowledged(self) -> bool:
        """Whether whoever asked knows by now that it is done."""
        return any(heard.acknowledged for heard in self.heard)

    @property
    def key(self) -> str:
        return f"key-{self.member.pk}"

    def holds(self, member: Member | None = None) -> None:
        """Book by card, as it was before the trial: its booking and its intent."""
        booked = checkout.book(
            member=member or self.member, session_id=self.session.pk, pay_with="card", key=self.key, now=timezone.now()
        )
        self.booking = booked.booking
        self.intent = booked.client_secret.split("_secret_")[0]

    def event_of(self, type_: str) -> dict[str, Any]:
        """The newest event of that type; in a trial's preparation it is the trial's own."""
        found: dict[str, Any] = self.sandbox.stripe("events", limit=1, type=type_)["data"][0]
        return found

    @property
    def payment(self) -> Payment:
        return Payment.objects.get(stripe_intent_id=self.intent)


def begin(label: str, number: int, sandbox: Sandbox, **fields: Any) -> Trial:
    """A new member and a new session of one seat."""
    began_at = timezone.now()
    member = Member.objects.create(
        email=f"member{number}@example.com", name=f"Member {number}", password="!", phone=f"+4479111{number:05}",
        whatsapp_opt_in=True,
    )  # fmt: skip
    return Trial(label, sandbox, member, Caller(member), session(**{"capacity": 1, **fields}), began_at)


def stale(booking: Booking) -> None:
    """Let a hold have ended an hour ago."""
    hour = timedelta(hours=1)
    Booking.objects.filter(pk=booking.pk).update(
        created_at=booking.created_at - hour, expires_at=timezone.now() - hour / 2
    )


class Line:
    """One connection to the program, over which one thing is asked."""

    def __init__(self, house: House) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE_SECONDS)

    def ask(self, ask: Ask) -> None:
        self.http.request("POST", ask.path, ask.body, {**ask.headers, "Connection": "close"})

    def wait_until_answered(self) -> bool:
        """Until the answer has come as far as here, unread."""
        return bool(select.select([self.http.sock], [], [], PATIENCE_SECONDS)[0])

    def answer(self) -> Heard | None:
        """What was answered; None when the line is dead."""
        try:
            answer = self.http.getresponse()
            return Heard(answer.status, dict(answer.headers), answer.read().decode())
        except (http.client.HTTPException, OSError):
            return None
        finally:
            self.http.close()

    def hang_up(self) -> None:
        self.http.close()


def asked(house: House, ask: Ask) -> Heard | None:
    """Ask one thing and listen."""
    line = Line(house)
    try:
        line.ask(ask)
    except OSError:
        return None
    return line.answer()
