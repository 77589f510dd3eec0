"""One play of the machine: the reference model beside the real program, and how the two are held against each other."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import data, integers, sampled_from

from booking import integrity
from tests.cast import code
from tests.model import promises, world
from tests.model.answers import Answer
from tests.model.ledger import Booking, Member, Session
from tests.model.stripe_truth import PAYABLE, Event, Intent
from tests.model.studio import Studio
from tests.model.world import World

BOOKINGS = "/api/booking/bookings/"
SESSIONS = "/api/booking/sessions/"
Choice = TypeVar("Choice")


@dataclass
class Tally:
    """What a whole run has done: so that no rule can silently stop running."""

    plays: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)

    @property
    def steps(self) -> int:
        return self.rules.total()


@dataclass(frozen=True)
class Act:
    """Something a hand can do: how often it is chosen beside the others, and when it is possible at all."""

    often: int
    possible: Callable[[Any], object]


def act(*, often: int = 2, when: Callable[[Any], object] = lambda play: True) -> Callable[[Any], Any]:
    """Declare a method of the machine to be one of its acts."""

    def declare(method: Any) -> Any:
        method.act = Act(often, when)
        return method

    return declare


class Play(RuleBasedStateMachine):
    """The state of one play. `world`, `tally` and `settings` are the run's."""

    world: ClassVar[World]
    tally: ClassVar[Tally]
    settings: ClassVar[Any]

    def __init__(self) -> None:
        super().__init__()
        self.sound = False
        self.data: Any = None
        self.left_out: set[str] = set()
        self.model = Studio(failed_policy="void", late_policy="reseat")
        self.resent = 0
        self.pending: list[Event] = []
        self.lost: list[Event] = []
        self.at_stripe: list[Any] = []
        self.events: list[Any] = []
        self.references: list[str] = []

    @classmethod
    @cache
    def acts(cls) -> dict[str, Act]:
        declared = ((name, getattr(getattr(cls, name), "act", None)) for name in dir(cls))
        return {name: act for name, act in declared if isinstance(act, Act)}

    @rule(data=data())
    def something_happens(self, data: Any) -> None:
        if not self.model.members:
            return
        self.sound, self.data = False, data
        possible = [name for name, one in self.acts().items() if name not in self.left_out and one.possible(self)]
        weighed = [name for name in possible for _ in range(self.acts()[name].often)]
        name = data.draw(sampled_from(weighed or ["open_a_session"]), label="what")
        self.tally.rules[name] += 1
        getattr(self, name)()

    def choose(self, what: str, among: Sequence[Choice]) -> Choice:
        """One of these; a report names it by its place."""
        return among[self.data.draw(integers(0, len(among) - 1), label=what)]

    # What rules choose from ---------------------------------------------------------------------------------------

    def payable(self) -> list[Intent]:
        """Intents whose secret was given away; and, for the sake of late money, those Stripe said it never made."""
        open_ = [intent for intent in self.model.stripe.intents if intent.status in PAYABLE]
        return [one for one in open_ if one.shown or self.model.booking_of(one).status == "freed"]

    def with_status(self, *statuses: str) -> list[Intent]:
        return [intent for intent in self.model.stripe.intents if intent.status in statuses]

    def id_of(self, intent: Intent) -> str:
        return str(self.at_stripe[self.model.stripe.intents.index(intent)]["id"])

    def reference_of(self, booking: Booking) -> str:
        return self.references[self.model.bookings.index(booking)]

    def caller_of(self, member: Member) -> Any:
        return self.world.callers[self.model.members.index(member)]

    def path_of(self, session: Session) -> str:
        return f"{SESSIONS}{world.session_ids()[self.model.sessions.index(session)]}/"

    # Holding the two against each other -----------------------------------------------------------------------------

    def agree(self, answer: Answer, response: Any) -> None:
        """The program's answer is the model's."""
        body = response.json()
        said = (response.status_code, code(response) if response.status_code >= 400 else "")
        assert said == (answer.status, answer.code), (said, answer, body)
        self.tally.answers[" ".join(map(str, said)).strip()] += 1
        if answer.booking is not None:
            self.references = world.references()
            assert body["reference"] == self.reference_of(answer.booking)
            assert (body["status"], "stripe_client_secret" in body) == (answer.booking.status, answer.secret), body
            if answer.secret:
                self._show(answer.booking)

    def _show(self, booking: Booking) -> None:
        assert booking.payment is not None
        assert booking.payment.intent is not None
        booking.payment.intent.shown = True

    @invariant()
    def the_laws_hold_and_all_agree(self) -> None:
        if not self.model.members:
            return
        assert promises.broken(self.model) == []
        self.the_program_agrees()
        self.stripe_agrees()
        self.seats_agree()
        assert [(law.name, law.examples) for law in integrity.check(now=timezone.now()) if law.count] == []
        self.sound = True

    def the_program_agrees(self) -> None:
        """Every row of the program is as the model has it."""
        self.references = world.references()
        assert world.shown_bookings() == [
            (*b.shown, b.payment.status if b.payment else None, b.key) for b in self.model.bookings
        ]
        assert world.shown_sessions() == [(one.capacity, one.taken, one.amount) for one in self.model.sessions]
        assert world.shown_lots() == [lot.left for lot in self.model.lots]
        assert world.shown_debts() == [(d.amount, d.status, d.reason, d.attempt) for d in self.model.debts]
        assert world.shown_messages() == sorted(self.owed_messages())

    def owed_messages(self) -> list[tuple[str, str]]:
        """Who must have been told what: each thing once."""
        debts = dict(zip(map(id, self.model.debts), world.debt_references(), strict=True))
        names = {id(b): f"booking:{name}" for b, name in zip(self.model.bookings, self.references, strict=True)}
        told = [(kind, names.get(id(one)) or f"refund:{debts[id(one)]}") for kind, one in self.model.told]
        return told + [("session_moved", f"{names[id(one)]}:{revision}") for one, revision in self.model.moves]

    def stripe_agrees(self) -> None:
        """Stripe's intents, refunds and events are as the model has them."""
        truth = self.model.stripe
        self.at_stripe, found = self.world.intents(), self.world.events()
        seen = [(one["amount"], one["status"], bool(one["last_payment_error"])) for one in self.at_stripe]
        assert seen == [(intent.amount, intent.status, intent.declined) for intent in truth.intents]
        assert [event["type"] for event in found] == [event.type for event in truth.events]
        self.pending += truth.events[len(self.events) :]
        self.events = found
        if truth.given_back:
            seen_back = [(one["amount"], one["status"]) for one in self.world.given_back()]
            assert seen_back == [(made.amount, made.status) for made in truth.given_back]

    def seats_agree(self) -> None:
        """What anybody sees."""
        listed = self.world.anyone.get(SESSIONS, page_size=100).json()["results"]
        seats = {row["id"]: (row["seats_available"], row["bookable"]) for row in listed}
        assert [seats[pk] for pk in world.session_ids()] == [
            (one.free_seats, not one.begun and one.free_seats > 0) for one in self.model.sessions
        ]

    def lists_agree(self) -> None:
        """What Carla sees of all bookings, and each member of their credits."""
        rows = self.world.carla.get(BOOKINGS, page_size=100).json()["results"]
        shown = {row["reference"]: (row["status"], row["amount"]) for row in rows}
        assert [shown[name] for name in self.references] == [(b.status, b.amount) for b in self.model.bookings]
        for member in self.model.members:
            if member.active and member.lots:
                assert self.caller_of(member).get("/api/payments/credits/").json()["balance"] == member.balance
