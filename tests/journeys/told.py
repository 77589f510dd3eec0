"""What the studio does in the stories: its front desk, its clock, its post from Stripe and what it runs at night."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command

from members.models import Member
from notifications import delivery
from payments import intents, refunds
from tests.cast import Caller, Sandbox, seats_match, tell
from tests.journeys.people import Person

PASSWORD = "a-door-of-ones-own"
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

    def member(self, name: str, number: str = "", *, whatsapp: bool = False) -> Person:
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

    def gives(self, person: Person, credits: int) -> None:
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


def _times(ahead: dict[str, float]) -> dict[str, str]:
    """From so far ahead, for an hour."""
    starts_at = datetime.now(UTC) + timedelta(**ahead)
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}
