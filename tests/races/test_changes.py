"""Staff change a session while everybody books it: seats sold exactly, and every booking at one price."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from booking.models import Booking, ClassSession
from payments.models import Payment
from tests.cast import Caller, Sandbox, seats_match, session
from tests.races import laws
from tests.races.clients import Answer, Http, at_once, book, change, pay, send, tally, tell, together
from tests.races.conftest import Without
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import CLIENTS, PAIRS, SEATS

pytestmark = pytest.mark.load

LARGE = 15
CAPACITY_GUARD = "seats_taken_is_within_capacity"


def test_seats_added_during_a_rush_are_sold_exactly(server: Server, yoga: ClassSession, as_carla: Caller) -> None:
    """Whoever finds the session full asks again, until a refusal has come after the change."""
    raised = False

    def insists(member: Caller) -> Callable[[Http], Awaitable[list[Answer]]]:
        async def act(http: Http) -> list[Answer]:
            answers: list[Answer] = []
            while True:
                after = raised
                answers.append(await send(http, server.base, book(member, yoga)))
                if after or answers[-1].status == 201:
                    return answers

        return act

    async def raises(http: Http) -> list[Answer]:
        nonlocal raised
        answer = await send(http, server.base, change(as_carla, yoga, capacity=LARGE))
        raised = True
        return [answer]

    members = crowd(CLIENTS, credits_each=1)
    *heard, [changed] = together([*map(insists, members), raises])
    assert changed.status == 200
    counted = tally([answer for answers in heard for answer in answers])
    assert counted.keys() == {(201, ""), (409, "session_full")}
    yoga.refresh_from_db()
    assert (yoga.capacity, yoga.seats_taken, counted[201, ""]) == (LARGE, LARGE, LARGE)
    assert seats_match()


def test_seats_taken_away_during_a_rush_are_never_those_that_are_sold(server: Server, as_carla: Caller) -> None:
    yoga = session(capacity=LARGE)
    changes = [change(as_carla, yoga, capacity=capacity) for capacity in range(LARGE - 1, SEATS - 1, -1)]
    bookings = [book(member, yoga) for member in crowd(CLIENTS - len(changes), credits_each=1)]
    half = len(bookings) // 2
    answers = at_once(server.base, [*bookings[:half], *changes, *bookings[half:]])
    booked = tally(answers[:half] + answers[half + len(changes) :])
    changed = tally(answers[half : half + len(changes)])
    assert booked.keys() <= {(201, ""), (409, "session_full")}
    assert changed.keys() <= {(200, ""), (400, "invalid")}
    yoga.refresh_from_db()
    assert SEATS <= yoga.capacity <= LARGE
    assert yoga.seats_taken == booked[201, ""] <= yoga.capacity
    assert seats_match()


def test_without_the_check_of_the_database_seats_that_are_sold_are_taken_away(
    unguarded: Server, as_carla: Caller, without_constraints: Without
) -> None:
    yoga = session(capacity=LARGE)
    asks = [book(member, yoga).without("haste") for member in crowd(LARGE - 1, credits_each=1)]
    with without_constraints(CAPACITY_GUARD, model=ClassSession):
        lower = change(as_carla, yoga, capacity=LARGE - 2).without("capacity")
        at_once(unguarded.base, [lower, lower, *asks])
        yoga.refresh_from_db()
        assert (yoga.seats_taken, yoga.capacity) == (LARGE - 1, LARGE - 2)
        assert "seats" in {law.split(":")[0] for law in laws.broken()}


def test_while_the_price_changes_every_booking_is_charged_the_price_it_agreed_to(
    server: Server, as_carla: Caller, sandbox: Sandbox
) -> None:
    yoga = session(capacity=PAIRS)
    prices = [{"amount": 1500, "currency": "gbp"}, {"amount": 900, "currency": "eur"}, {"amount": 4000}]
    members = crowd(PAIRS)
    wanted: list[Any] = [book(member, yoga, "card", key="k") for member in members]
    for number, price in enumerate(prices * 3):
        wanted.insert(3 * number, change(as_carla, yoga, **price))
    answers = at_once(server.base, wanted)
    assert tally(answers).keys() <= {(200, ""), (201, "")}
    agreed = {answer.json["reference"]: answer.json for answer in answers if answer.status == 201}
    assert len(agreed) == PAIRS
    again = at_once(server.base, [book(member, yoga, "card", key="k") for member in members])
    assert {answer.json["reference"]: answer.json for answer in again} == agreed
    charged = {intent["id"]: (intent["amount"], intent["currency"]) for intent in sandbox.intents()}
    for booking in Booking.objects.select_related("payment"):
        price = (agreed[booking.reference]["amount"], agreed[booking.reference]["currency"])
        assert price in {(1500, "gbp"), (900, "eur"), (4000, "eur"), (4000, "gbp")}
        assert booking.payment is not None
        assert price == (booking.amount, booking.currency) == (booking.payment.amount, booking.payment.currency)
        assert price == charged[str(booking.payment.stripe_intent_id)]

    async def pays_all(http: Http) -> bool:
        return all([await pay(http, sandbox, intent) for intent in charged])

    assert together([pays_all]) == [True]
    at_once(server.base, [tell(event) for event in sandbox.events("payment_intent.succeeded")])
    assert Payment.objects.filter(status="paid").count() == Booking.objects.filter(status="paid").count() == PAIRS
