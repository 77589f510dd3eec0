"""One card booking, one life of its intent, and its events in one order: what the program makes of them in the end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from booking.models import Booking
from notifications.models import Message
from payments.models import Dispute, Refund
from tests.cast import session
from tests.model.ledger import Member, Session
from tests.model.lives import Life
from tests.model.studio import Studio
from tests.model.world import World

PRICE = 1500


@dataclass(frozen=True)
class End:
    """How it ended: statuses, money in minor units, seats taken, disputes, and how often the member was told what."""

    booking: str
    payment: str
    received: int
    returned: int
    owed: int
    seats: int
    disputes: tuple[str, ...]
    confirmations: int
    receipts: int


class Order:
    """The program and the reference model with the same booking, whose intent has lived the same life."""

    def __init__(self, world: World, life: Life, *, failed_policy: str, late_policy: str) -> None:
        self.world, self.life = world, life
        world.begin_anew()
        self.model = Studio(failed_policy=failed_policy, late_policy=late_policy)
        self._book()
        self._live()
        self.events = world.events()
        assert [event["type"] for event in self.events] == [event.type for event in self.model.stripe.events]
        self.delivered: Counter[str] = Counter()
        self.taken: set[str] = set()

    def _book(self) -> None:
        ana = Member("Ana")
        place = Session(1, PRICE, 1, day=2)
        self.model.members, self.model.sessions = [ana], [place]
        if self.life.late:
            self.model.stripe.armed["create"] = "lied"
            self.world.fault("create", "lied")
        expected = self.model.book(ana, place, "card", None)
        with self.world.act():
            answer = self.world.callers[0].book(session(capacity=1, amount=PRICE), "card")
        assert answer.status_code == expected.status == (502 if self.life.late else 201)

    def _live(self) -> None:
        truth, [intent] = self.model.stripe, self.model.stripe.intents
        names = {"intent": self.world.intents()[0]["id"]}
        for happening in self.life.happenings:
            if "{intent}" not in happening.route:
                names |= {"refund": self._newest("refunds"), "dispute": self._newest("disputes")}
            self.world.sandbox.control("POST", happening.route.format(**names), **happening.body)
            happening.in_truth(truth, intent)

    def _newest(self, what: str) -> str:
        found = self.world.sandbox.stripe(what, limit=1)["data"]
        return str(found[0]["id"]) if found else ""

    def arrive(self, order: Sequence[int]) -> None:
        """The events in that order, one of them twice and one again under another id; then whatever was not taken."""
        first = order[0]
        self._tell([(one, "") for one in order[:2]])
        self._tell([(first, "")])
        self._tell([(one, "") for one in order[2:]])
        self._tell([(first, "evt_resent")])
        self._tell([(one, "") for one in order if self.events[one]["id"] not in self.taken])

    def _tell(self, told: list[tuple[int, str]]) -> None:
        for number, other_id in told:
            event = self.events[number]
            answer = self.world.tell({**event, "id": other_id or event["id"]})
            assert answer.status_code == 200
            received = answer.json()["received"]
            self.delivered[received] += 1
            assert received == ("repeated" if (other_id or event["id"]) in self.taken else received)
            if received == "applied":
                self.taken.add(other_id or event["id"])

    def night(self) -> None:
        """The hold runs out and the commands run."""
        for booking in Booking.objects.filter(status="pending"):
            self.world.age(booking.reference)
        self.world.command("expire_pending_bookings")
        self.world.command("submit_refunds")

    def expected(self) -> End:
        """How it ends in the reference model, which hears everything once, in the order in which it happened."""
        model = self.model
        for number, event in enumerate(list(model.stripe.events)):
            model.hear(event, f"evt_{number}")
        for booking in model.bookings:
            booking.expired = True
        model.expire_pending_bookings()
        model.submit_refunds()
        [booking] = model.bookings
        assert booking.payment is not None
        returned = [debt.amount for debt in model.debts if debt.status == "succeeded"]
        return End(
            booking=booking.status,
            payment=booking.payment.status,
            received=booking.payment.received,
            returned=sum(returned),
            owed=sum(debt.amount for debt in model.debts if debt.status == "due"),
            seats=booking.session.taken,
            disputes=tuple(booking.payment.disputes.values()),
            confirmations=model.told["booking_paid", booking],
            receipts=len(returned),
        )

    def end(self) -> End:
        booking = Booking.objects.select_related("payment", "session").get()
        payment: Any = booking.payment
        refunds = list(Refund.objects.values_list("status", "amount"))
        told = Counter(Message.objects.values_list("kind", flat=True))
        assert all(number == 1 for kind, number in told.items() if not kind.startswith("refund_")), told
        return End(
            booking=booking.status,
            payment=payment.status,
            received=payment.amount_received,
            returned=sum(amount for status, amount in refunds if status == "succeeded"),
            owed=sum(amount for status, amount in refunds if status == "due"),
            seats=booking.session.seats_taken,
            disputes=tuple(Dispute.objects.order_by("id").values_list("status", flat=True)),
            confirmations=told["booking_paid"],
            receipts=told["refund_done"],
        )
