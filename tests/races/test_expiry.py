"""The expiry command against whoever is quicker: another run of it, members who book, payers whose money arrives."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, intent_of, seats_match, session
from tests.races.clients import Answer, Http, at_once, book, event_of, look, pay, send, tally, tell, together
from tests.races.commands import Command
from tests.races.conftest import Ready
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import PAIRS, RUNS

pytestmark = pytest.mark.load

EXPIRE = "expire_pending_bookings"
SUCCEEDED = "payment_intent.succeeded"
BOOKERS = 4
# So many never pay: whatever the others do, some holds are there to be freed.
ABSENT = 3
MOST_LOOKS = 8


@pytest.fixture
def members() -> list[Caller]:
    """First those who hold a seat, then those who want one."""
    return crowd(PAIRS + BOOKERS)


@pytest.fixture
def intents(members: list[Caller], yoga: ClassSession, sandbox: Sandbox) -> list[str]:
    """Of each hold the intent; the session is full of them."""
    yoga.capacity = PAIRS
    yoga.save()
    return [intent_of(member.book(yoga, "card")) for member in members[:PAIRS]]


def wants_a_seat(
    server: Server, yoga: ClassSession, member: Caller, runs: list[Command]
) -> Callable[[Http], Awaitable[list[Answer]]]:
    """Asks again and again while the commands are at it, until there is a seat."""

    async def act(http: Http) -> list[Answer]:
        answers: list[Answer] = []
        while any(run.running for run in runs) and 201 not in [answer.status for answer in answers]:
            answers.append(await send(http, server.base, book(member, yoga, "card")))
        return answers

    return act


def moves_of(bookings: list[int]) -> list[tuple[str, str]]:
    moves = BookingTransition.objects.filter(booking__in=bookings)
    return sorted(moves.values_list("from_status", "to_status"))


def test_runs_at_once_free_each_hold_once_while_members_book(
    server: Server, yoga: ClassSession, members: list[Caller], intents: list[str], sandbox: Sandbox, ready: Ready
) -> None:
    stale = list(Booking.objects.values_list("pk", flat=True))
    Booking.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    runs = ready(EXPIRE, "--minutes", "1", runs=RUNS)
    wanted = together([*runs, *(wants_a_seat(server, yoga, member, runs) for member in members[PAIRS:])])[RUNS:]
    assert [run.status for run in runs] == [0] * RUNS, [run.said for run in runs]
    assert sum(run.count("freed") for run in runs) == PAIRS
    heard = tally([answer for answers in wanted for answer in answers])
    assert heard.keys() <= {(409, "session_full"), (201, "")}
    assert Booking.objects.filter(pk__in=stale, status="freed", ended_reason="expired").count() == PAIRS
    assert moves_of(stale) == [("", "pending")] * PAIRS + [("pending", "freed")] * PAIRS
    voided = Payment.objects.filter(status="void").values_list("stripe_intent_id", flat=True)
    assert {one["id"] for one in sandbox.intents() if one["status"] == "canceled"} == set(voided) == set(intents)
    yoga.refresh_from_db()
    assert yoga.seats_taken == Booking.objects.exclude(pk__in=stale).count() == heard[201, ""]
    assert seats_match()


def test_expiry_while_paying_ends_freed_or_paid_never_both(
    server: Server, yoga: ClassSession, members: list[Caller], intents: list[str], sandbox: Sandbox, ready: Ready
) -> None:
    """Runs of the command, payers whose cards pay sooner or later, and members who want a seat that comes free.

    Of every fifth hold the card pays while Stripe has the cancel call in its hands.
    """
    bookings = list(Booking.objects.order_by("id"))
    Booking.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    for intent in intents[ABSENT::5]:
        sandbox.fault("paid_first", f"/v1/payment_intents/{intent}/cancel")

    def pays(number: int) -> Callable[[Http], Awaitable[Answer | None]]:
        async def act(http: Http) -> Answer | None:
            for _ in range(number % MOST_LOOKS):
                await look(http, server.base, members[number], bookings[number])
            if not await pay(http, sandbox, intents[number]):
                return None
            return await send(http, server.base, tell(await event_of(sandbox, intents[number])))

        return act

    runs = ready(EXPIRE, runs=RUNS)
    payers = [pays(number) for number in range(ABSENT, PAIRS)]
    bookers = [wants_a_seat(server, yoga, member, runs) for member in members[PAIRS:]]
    answers = together([*runs, *payers, *bookers])
    assert [run.status for run in runs] == [0] * RUNS, [run.said for run in runs]
    assert tally([one for one in answers[RUNS : RUNS + len(payers)] if one]).keys() <= {(200, "")}
    server.wait_until_calm()
    # The rest of the news comes late and changes nothing.
    events = [event for kind in ("canceled", "succeeded") for event in sandbox.events(f"payment_intent.{kind}")]
    assert tally(at_once(server.base, [tell(event) for event in events])).keys() == {(200, "")}
    ends = {one["id"]: one["status"] for one in sandbox.intents()}
    outcomes = [(Booking.objects.get(pk=one.pk).status, ends[intents[n]]) for n, one in enumerate(bookings)]
    assert set(outcomes) == {("freed", "canceled"), ("paid", "succeeded")}
    moves = moves_of([booking.pk for booking in bookings])
    assert len(moves) == 2 * PAIRS, "each was freed or paid, once"
    assert not Refund.objects.exists()
    yoga.refresh_from_db()
    assert yoga.seats_taken <= yoga.capacity
    assert seats_match()


def test_when_the_seat_is_freed_before_the_payment_is_voided_a_freed_hold_is_paid_for(
    unguarded: Server, sandbox: Sandbox, ready: Ready
) -> None:
    members, yoga = crowd(3), session()
    intents = [intent_of(member.book(yoga, "card")) for member in members]
    bookings = list(Booking.objects.order_by("id"))
    Booking.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    def pays_when_freed(number: int) -> Callable[[Http], Awaitable[bool]]:
        async def act(http: Http) -> bool:
            while (await look(http, unguarded.base, members[number], bookings[number])).json["status"] == "pending":
                pass
            return await pay(http, sandbox, intents[number])

        return act

    [_, *paid] = together(
        [*ready(EXPIRE, "--workers", "1", without="order"), *(pays_when_freed(number) for number in range(3))]
    )
    assert any(paid), "a freed seat's money was taken"
    assert not Booking.objects.exclude(status="freed").exists()
