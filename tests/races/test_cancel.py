"""A member gives a booking up at the instant its payment succeeds: Stripe decides, everything follows its answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from booking.models import Booking, ClassSession
from payments.models import Refund
from tests.cast import Sandbox, intent_of, seats_match
from tests.races.clients import Answer, Http, at_once, cancel, look, send, tally, tell, together
from tests.races.crowd import crowd
from tests.races.server import Server

pytestmark = pytest.mark.load

BOOKINGS = 10


def test_cancelling_while_paying_ends_freed_or_paid_never_both(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """The first payers pay at once, the later ones look at their booking a few times before.

    Of every second booking Stripe is slow to take the cancellation, so that the payment falls into it.
    """
    yoga.capacity = BOOKINGS
    yoga.save()
    members = crowd(BOOKINGS)
    intents = [intent_of(member.book(yoga, "card")) for member in members]
    bookings = list(Booking.objects.order_by("id").select_related("payment"))
    for intent in intents[::2]:
        sandbox.fault("hang_before", f"/v1/payment_intents/{intent}/cancel", seconds=0.3)

    def gives_up(number: int) -> Callable[[Http], Awaitable[Answer]]:
        return lambda http: send(http, server.base, cancel(members[number], bookings[number]))

    def pays(number: int) -> Callable[[Http], Awaitable[Answer | None]]:
        async def act(http: Http) -> Answer | None:
            for _ in range(number):
                await look(http, server.base, members[number], bookings[number])
            return await pay(http, intents[number])

        return act

    async def pay(http: Http, intent: str) -> Answer | None:
        url = f"{sandbox.base}/_sandbox/payment_intents/{intent}/confirm"
        async with http.post(url, json={}) as answer:
            paid = await answer.json()
        if answer.status != 200:
            assert paid["error"]["code"] == "payment_intent_unexpected_state"
            return None
        event = await asyncio.to_thread(event_of, sandbox, intent)
        return await send(http, server.base, tell(event))

    numbers = range(BOOKINGS)
    answers = together([act(number) for number in numbers for act in (gives_up, pays)])
    cancelled, told = answers[::2], answers[1::2]
    assert tally([answer for answer in told if answer]).keys() <= {(200, "")}
    server.wait_until_calm()
    # The rest of the news comes late and changes nothing.
    events = [sandbox.events(f"payment_intent.{kind}") for kind in ("created", "canceled", "succeeded")]
    late = at_once(server.base, [tell(event) for kind in events for event in kind])
    assert tally(late).keys() == {(200, "")}
    for number in numbers:
        ended = Booking.objects.get(pk=bookings[number].pk)
        outcome = (ended.status, sandbox.intent(intents[number])["status"], cancelled[number].code)
        assert outcome in {("freed", "canceled", ""), ("paid", "succeeded", "not_cancellable")}
        assert (told[number] is None) == (ended.status == "freed")
    assert not Refund.objects.exists()
    assert seats_match()


def event_of(sandbox: Sandbox, intent: str) -> Any:
    [event] = [one for one in sandbox.events("payment_intent.succeeded") if one["data"]["object"]["id"] == intent]
    return event
