"""A member gives a booking up at the instant its payment succeeds: Stripe decides, everything follows its answer."""

from collections.abc import Awaitable, Callable

import pytest

from booking.models import Booking, ClassSession
from payments.models import Refund
from tests.cast import Caller, Sandbox, intent_of, seats_match
from tests.races.clients import Answer, Ask, Http, at_once, cancel, event_of, look, pay, send, tally, tell, together
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import PAIRS

pytestmark = pytest.mark.load

MOST_LOOKS = 10
# What the booking, the intent and the answer to giving up may come to, together. Who comes when it is paid already
# gives a paid booking back, and gets its price.
RIGHT = {("freed", "canceled", ""), ("paid", "succeeded", "not_cancellable"), ("cancelled", "succeeded", "")}


def held(yoga: ClassSession, number: int) -> tuple[list[Caller], list[str], list[Booking]]:
    """So many members with a hold each: they, their intents and their bookings."""
    yoga.capacity = number
    yoga.save()
    members = crowd(number)
    intents = [intent_of(member.book(yoga, "card")) for member in members]
    return members, intents, list(Booking.objects.order_by("id").select_related("payment"))


def test_cancelling_while_paying_ends_freed_or_paid_never_both(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """The first payers pay at once, the later ones look at their booking a few times before.

    Of every second booking Stripe is slow to take the cancellation, so that the payment falls into it.
    """
    members, intents, bookings = held(yoga, PAIRS)
    for intent in intents[::2]:
        sandbox.fault("hang_before", f"/v1/payment_intents/{intent}/cancel", seconds=0.3)

    def gives_up(number: int) -> Callable[[Http], Awaitable[Answer]]:
        return lambda http: send(http, server.base, cancel(members[number], bookings[number]))

    def pays(number: int) -> Callable[[Http], Awaitable[Answer | None]]:
        async def act(http: Http) -> Answer | None:
            for _ in range(number % MOST_LOOKS):
                await look(http, server.base, members[number], bookings[number])
            if not await pay(http, sandbox, intents[number]):
                return None
            return await send(http, server.base, tell(await event_of(sandbox, intents[number])))

        return act

    numbers = range(PAIRS)
    answers = together([act(number) for number in numbers for act in (gives_up, pays)])
    cancelled, told = answers[::2], answers[1::2]
    assert tally([answer for answer in told if answer]).keys() <= {(200, "")}
    server.wait_until_calm()
    # The rest of the news comes late and changes nothing.
    events = [sandbox.events(f"payment_intent.{kind}") for kind in ("created", "canceled", "succeeded")]
    late = at_once(server.base, [tell(event) for kind in events for event in kind])
    assert tally(late).keys() == {(200, "")}
    ends = {one["id"]: one["status"] for one in sandbox.intents()}
    for number in numbers:
        ended = Booking.objects.get(pk=bookings[number].pk)
        assert (ended.status, ends[intents[number]], cancelled[number].code) in RIGHT
        assert (told[number] is None) == (ended.status == "freed")
    cancelled_late = Booking.objects.filter(status="cancelled").values("payment")
    returned = Refund.objects.filter(amount=1500, payment__in=cancelled_late)
    assert returned.count() == Refund.objects.count() == cancelled_late.count()
    assert seats_match()


def test_when_the_seat_is_freed_before_the_payment_is_voided_who_gave_up_pays(
    unguarded: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    members, intents, bookings = held(yoga, 4)
    asks = [cancel(members[number], bookings[number]).without("order") for number in range(4)]

    def gives_up(ask: Ask) -> Callable[[Http], Awaitable[Answer]]:
        return lambda http: send(http, unguarded.base, ask)

    def pays(intent: str) -> Callable[[Http], Awaitable[bool]]:
        return lambda http: pay(http, sandbox, intent)

    answers = together([*map(gives_up, asks), *map(pays, intents)])
    ends = {one["id"]: one["status"] for one in sandbox.intents()}
    outcomes = {(Booking.objects.get(pk=bookings[n].pk).status, ends[intents[n]], answers[n].code) for n in range(4)}
    assert outcomes - RIGHT, "somebody was told that the hold is given up, and pays for it"
