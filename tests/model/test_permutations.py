"""Every order of up to four events of one payment ends the same, and late money is dealt with once."""

import time
from collections.abc import Iterator
from itertools import permutations
from typing import Any, ClassVar

import pytest

from booking.models import Booking, BookingTransition
from notifications.models import Message
from payments.models import Refund
from tests import laws
from tests.cast import Sandbox
from tests.evidence.record import Record, write
from tests.model.lives import LIVES, PAID, Life
from tests.model.orders import Order
from tests.model.runs import ASKED_FOR
from tests.model.world import World

POLICIES = [("void", "reseat"), ("hold", "refund")]
ALL_POLICIES = [*POLICIES, ("void", "refund"), ("hold", "reseat")]


class Tried:
    """How many orders this run has tried, by life."""

    orders: ClassVar[dict[str, int]] = {}
    deliveries: ClassVar[dict[str, int]] = {}
    seconds: ClassVar[float] = 0.0


@pytest.fixture(scope="module", autouse=True)
def on_record() -> Iterator[None]:
    """Writes down what the tests of this file have tried, in whatever order they ran, if all orders were."""
    yield
    if ASKED_FOR is None or len(Tried.orders) < len(LIVES):
        return
    write(
        Record(
            part="permutations",
            title="Every order of the events of one payment",
            tried=f"{len(Tried.orders)} lives of an intent, every order of their events, one of them twice and one "
            "resent under another id, under both values of both policies: each order ends as the intent did.",
            command="MODEL_EXAMPLES=1 python -m tests.postgresql pytest tests/model/test_permutations.py",
            count=sum(Tried.orders.values()),
            unit="orders",
            findings=0,
            seconds=round(Tried.seconds, 1),
            columns=["life of the intent", "orders", "deliveries"],
            rows=[[life, number, Tried.deliveries[life]] for life, number in Tried.orders.items()],
        )
    )


@pytest.mark.parametrize(("failed", "late"), ALL_POLICIES if ASKED_FOR else POLICIES)
@pytest.mark.parametrize("life", LIVES)
def test_every_order_of_its_events_ends_as_the_intent_did(
    sandbox: Sandbox, settings: Any, life: str, failed: str, late: str
) -> None:
    """A shorter selection, with the rest told afterwards, is one of these orders too."""
    settings.PAYMENT_FAILED_POLICY, settings.LATE_PAYMENT_POLICY = failed, late
    world, began = World(sandbox), time.monotonic()
    for order in permutations(range(len(LIVES[life].happenings))):
        play = Order(world, LIVES[life], failed_policy=failed, late_policy=late)
        play.arrive(order)
        assert laws.broken() == {}, order
        play.night()
        assert play.end() == play.expected(), order
        assert laws.broken() == {}, order
        Tried.orders[life] = Tried.orders.get(life, 0) + 1
        Tried.deliveries[life] = Tried.deliveries.get(life, 0) + play.delivered.total()
    Tried.seconds += time.monotonic() - began


@pytest.mark.parametrize("late", ["reseat", "refund"])
def test_late_money_told_twenty_times_is_dealt_with_once_and_the_member_is_told(
    sandbox: Sandbox, settings: Any, late: str
) -> None:
    settings.LATE_PAYMENT_POLICY = late
    world = World(sandbox)
    play = Order(world, Life((PAID,), late=True), failed_policy="void", late_policy=late)
    assert Booking.objects.get().status == "freed"
    answers = [world.tell({**play.events[0], "id": f"evt_{number}"}).json()["received"] for number in range(20)]
    assert answers == ["applied"] * 20
    assert world.command("submit_refunds")[0] == 0
    world.tell({**play.events[0], "id": "evt_last"})
    given_back = [(one["amount"], one["status"]) for one in world.given_back()]
    edges = list(BookingTransition.objects.order_by("id").values_list("to_status", flat=True))
    told = list(Message.objects.values_list("kind", "status"))
    if late == "reseat":
        assert (edges, Refund.objects.count(), given_back) == (["pending", "freed", "paid"], 0, [])
        assert told == [("booking_paid", "sent")]
    else:
        assert (edges, given_back) == (["pending", "freed"], [(1500, "succeeded")])
        assert Refund.objects.get().status == "succeeded"
        assert told == [("refund_done", "sent")]
    assert len(sandbox.messages()) == 1
    assert laws.broken() == {}
