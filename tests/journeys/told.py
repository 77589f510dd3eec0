"""What people do in the stories: small verbs, each a request by the front door."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from io import StringIO
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.management import call_command

from members.models import Member
from notifications import delivery
from notifications.templates import CATALOGUE
from payments import intents, refunds
from tests.cast import Caller, Sandbox, intent_of, seats_match, tell
from tests.notifications import phone

PASSWORD = "a-door-of-ones-own"
CARD, CREDITS = "card", "credits"
DAY = timedelta(days=1)


class Studio:
    """The studio of one story: its front desk, its clock, its post from Stripe and what it runs at night."""

    def __init__(self, sandbox: Sandbox, clock: Any, carla: Member) -> None:
        self.sandbox, self.clock, self.carla = sandbox, clock, carla
        self.arrived: set[str] = set()
        self.begun = datetime.now(UTC)

    @property
    def desk(self) -> Caller:
        return Caller(self.carla)

    def member(self, name: str, number: str = "", *, whatsapp: bool = False) -> "Person":
        """Somebody signs up, and says by which phone they are reached."""
        person = Person(self, name, number)
        answer = Caller().post("/_allauth/app/v1/auth/signup", {"email": person.email, "password": PASSWORD})
        person.comes_in(answer)
        person.changes(name=name, phone=number, whatsapp_opt_in=whatsapp)
        return person

    def puts_on(self, title: str, *, seats: int = 10, amount: int = 1500, credits: int = 1, **ahead: float) -> int:
        """A class so far ahead; its id."""
        fields = {"instructor": "Isla", "location": "Studio 1", "capacity": seats}
        prices = {"amount": amount, "credits_required": credits}
        answer = self.desk.post("/api/booking/sessions/", {"title": title, **fields, **prices, **_times(ahead)})
        assert answer.status_code == 201, answer.content
        return int(answer.json()["id"])

    def moves(self, session: int, **ahead: float) -> None:
        assert self.desk.patch(f"/api/booking/sessions/{session}/", _times(ahead)).status_code == 200

    def cancels(self, session: int) -> dict[str, tuple[str, int, int]]:
        """The whole class is off: by booking what comes back, in minor units and in credits."""
        answer = self.desk.post(f"/api/booking/sessions/{session}/cancel/")
        assert answer.status_code == 200, answer.content
        assert all(row["done"] for row in answer.json()["bookings"])
        return {row["reference"]: (row["returns"], row["amount"], row["credits"]) for row in answer.json()["bookings"]}

    def seats_left(self, session: int) -> int:
        return int(Caller().get(f"/api/booking/sessions/{session}/").json()["seats_available"])

    def paid(self, session: int) -> list[str]:
        """What the desk sees of a class: the bookings that are paid, newest first."""
        rows = self.desk.get("/api/booking/bookings/", status="paid").json()["results"]
        return [row["reference"] for row in rows if row["session"] == session]

    def sells(self, name: str, *, credits: int, amount: int, valid_days: int) -> int:
        terms = {"credits": credits, "amount": amount, "valid_days": valid_days}
        answer = self.desk.post("/api/payments/packs/", {"name": name, **terms})
        assert answer.status_code == 201, answer.content
        return int(answer.json()["id"])

    def takes_back(self, purchase: str) -> Any:
        return self.desk.post(f"/api/payments/purchases/{purchase}/refund/")

    def gives(self, person: "Person", credits: int) -> None:
        me = person.caller.get("/api/members/me/").json()["id"]
        grant = {"member": me, "credits": credits, "note": "welcome"}
        answer = self.desk.post("/api/payments/credits/grants/", grant, Idempotency_Key=f"welcome-{me}")
        assert answer.status_code == 201, answer.content

    def post_arrives(self) -> None:
        """Whatever Stripe has to tell and has not told yet, signed, oldest first, until there is no more news."""
        while news := [event for event in self.sandbox.every("events") if event["id"] not in self.arrived]:
            for event in reversed(news):
                assert tell(event).status_code == 200
                self.arrived.add(event["id"])
            self.rests()

    def runs(self, *commands: str) -> None:
        """What cron runs; a command that leaves something unfinished ends the story."""
        for command in commands:
            call_command(command, stdout=StringIO())
        self.rests()

    def rests(self) -> None:
        """Everything that was begun in the background is done."""
        for lane in (delivery.lane, intents.lane, refunds.lane, delivery.lane):
            assert lane.wait(20)

    def later(self, **time: float) -> None:
        """So much time goes by, and nobody does anything."""
        self.rests()
        self.clock.tick(timedelta(**time))

    def all_is_well(self) -> None:
        """Every law holds, Stripe agrees in everything, and each seat that is taken is somebody's."""
        self.post_arrives()
        found = StringIO()
        try:
            call_command("check_integrity", stdout=found, verbosity=2)
            call_command("reconcile_payments", since=self.begun - DAY, patience=0, stdout=found, verbosity=2)
        except SystemExit as findings:
            raise AssertionError(found.getvalue()) from findings
        assert seats_match()


class Person:
    """A member with a phone, a mailbox and, for paying, a card."""

    def __init__(self, studio: Studio, name: str, number: str) -> None:
        self.studio, self.name, self.number = studio, name, number
        self.email = f"{name.lower()}@example.com"
        self.caller, self.intent = Caller(), ""
        self.heard, self.read = 0, 0

    def comes_in(self, answer: Any) -> None:
        assert answer.status_code == 200, answer.content
        self.caller = Caller()
        self.caller.headers["X-Session-Token"] = answer.json()["meta"]["session_token"]

    def changes(self, **fields: Any) -> None:
        assert self.caller.patch("/api/members/me/", fields).status_code == 200

    def books(self, session: int, pay_with: str) -> str:
        """The reference; with a card the seat is held until it is paid."""
        answer = self.tries(session, pay_with)
        assert answer.status_code in (200, 201), answer.content
        if pay_with == CARD:
            self.intent = intent_of(answer)
        return str(answer.json()["reference"])

    def tries(self, session: int, pay_with: str) -> Any:
        return self.caller.post(f"/api/booking/sessions/{session}/book/", {"pay_with": pay_with})

    def buys(self, pack: int) -> str:
        answer = self.caller.post(f"/api/payments/packs/{pack}/buy/")
        assert answer.status_code == 201, answer.content
        self.intent = intent_of(answer)
        return str(answer.json()["purchase"])

    def pays(self) -> None:
        """Her card goes through at Stripe, which tells the studio."""
        self.studio.sandbox.pays(self.intent)
        self.studio.post_arrives()

    def booking(self, reference: str) -> Any:
        return self.caller.booking(reference)

    def status(self, reference: str) -> str:
        return str(self.booking(reference)["status"])

    def bookings(self, **query: str) -> list[tuple[str, str]]:
        """Reference and status of each in the list, newest first."""
        rows = self.caller.get("/api/booking/bookings/", **query).json()["results"]
        return [(row["reference"], row["status"]) for row in rows]

    def credits(self) -> tuple[int, list[tuple[int, str]]]:
        """The balance, and what remains in each lot and where it is from."""
        account = self.caller.get("/api/payments/credits/").json()
        return account["balance"], [(lot["remaining"], lot["source"]) for lot in account["lots"]]

    def asks_what_returns(self, reference: str) -> Any:
        answer = self.caller.get(f"/api/booking/bookings/{reference}/cancellation/")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def cancels(self, reference: str, quote: str | None = None) -> Any:
        answer = self.caller.post(f"/api/booking/bookings/{reference}/cancel/", {"quote": quote})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def waits_for(self, session: int) -> int:
        """Which one in line."""
        answer = self.caller.post(f"/api/booking/sessions/{session}/waitlist/")
        assert answer.status_code == 201, answer.content
        return int(answer.json()["position"])

    def place(self) -> tuple[str, str | None]:
        """What became of the latest wait, and the booking that is on offer."""
        row = self.caller.get("/api/booking/waitlist/").json()["results"][0]
        return row["status"], row["booking"]

    def writes(self, text: str) -> str:
        """A WhatsApp to the studio; what comes back to the phone."""
        return phone.write(text, phone=self.number)

    def hears(self) -> dict[str, str]:
        """The WhatsApps that came since the last look, by kind."""
        self.studio.rests()
        to = f"whatsapp:{self.number}"
        mine = [row for row in reversed(self.studio.sandbox.messages()) if row["to"] == to and row["content_sid"]]
        kinds = {sid: kind for kind, sid in settings.TWILIO_CONTENT_SIDS.items()}
        new, self.heard = mine[self.heard :], len(mine)
        return _by_kind((kinds[row["content_sid"]], row["body"]) for row in new)

    def reads(self) -> dict[str, str]:
        """The e-mails of the studio that came since the last look, by kind; not those about the account."""
        self.studio.rests()
        mine = [letter for letter in mail.outbox if letter.to == [self.email] and _kind_of(letter)]
        new, self.read = mine[self.read :], len(mine)
        return _by_kind((_kind_of(letter), letter.body) for letter in new)


def _times(ahead: dict[str, float]) -> dict[str, str]:
    """From so far ahead, for an hour."""
    starts_at = datetime.now(UTC) + timedelta(**ahead)
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}


def _kind_of(letter: Mail | Any) -> str:
    for kind, template in CATALOGUE.items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", re.escape(template.subject)), letter.subject):
            return kind
    return ""


def _by_kind(messages: Iterable[tuple[str, str]]) -> dict[str, str]:
    told: dict[str, str] = {}
    for kind, text in messages:
        assert kind not in told, f"told twice: {text}"
        told[kind] = text
    return told
