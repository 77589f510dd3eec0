"""What was paid is returned once, whoever gives it back at the same instant."""

import json
import time
from collections.abc import Awaitable, Callable

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member
from notifications.models import Message
from payments import credits, refunds
from payments.models import CreditEntry, Refund
from tests.cast import Caller, Sandbox, give_credits, intent_of, seats_match, session
from tests.cast import tell as hear
from tests.races import laws
from tests.races.clients import JSON, Answer, Ask, Http, at_once, cancel, event_of, send, tally, tell, together
from tests.races.conftest import Without
from tests.races.crowd import crowd
from tests.races.server import PATIENCE_SECONDS, Server
from tests.races.sizes import CLIENTS

pytestmark = pytest.mark.load
PRICE, PART = 1500, 500
MEMBERS = 10
STAFF = 3
TWINS = 8


def paid_by_card(sandbox: Sandbox, yoga: ClassSession, members: list[Caller]) -> list[Booking]:
    """Each of them has booked and paid it."""
    ClassSession.objects.filter(pk=yoga.pk).update(capacity=2 * MEMBERS)
    for member in members:
        sandbox.pays(intent_of(member.book(yoga, "card")))
    for event in sandbox.events("payment_intent.succeeded"):
        assert hear(event).status_code == 200
    rows = Booking.objects.filter(status="paid", paid_with="card").select_related("payment").order_by("id")
    assert rows.count() == len(members)
    return list(rows)


def cancel_session(caller: Caller, session: ClassSession) -> Ask:
    return Ask(f"/api/booking/sessions/{session.pk}/cancel/", {**JSON, **caller.headers})


def quoted(server: Server, caller: Caller, booking: Booking) -> Ask:
    path = f"/api/booking/bookings/{booking.reference}/cancellation/"
    [answer] = at_once(server.base, [Ask(path, caller.headers, method="GET")])
    ask = cancel(caller, booking)
    return Ask(ask.path, ask.headers, json.dumps({"quote": answer.json["quote"]}).encode())


def wait_until_returned(server: Server) -> None:
    """The server gives back in the background; the command does what that misses."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Refund.objects.filter(status__in=("due", "submitted")).exists():
        assert time.monotonic() < deadline, server.logged()
        if refunds.due(now=timezone.now()).exists():
            call_command("submit_refunds")
        time.sleep(0.02)
    server.wait_until_calm()


def given_back(sandbox: Sandbox) -> dict[str, int]:
    """What Stripe has given back of each intent."""
    sums: dict[str, int] = {}
    for one in sandbox.every("refunds"):
        assert one["status"] == "succeeded", one
        sums[one["payment_intent"]] = sums.get(one["payment_intent"], 0) + one["amount"]
    return sums


@pytest.mark.parametrize("with_quote", [False, True], ids=["by the terms", "by a quote"])
def test_a_booking_paid_by_card_is_returned_once(
    with_quote: bool, server: Server, yoga: ClassSession, as_ana: Caller, sandbox: Sandbox
) -> None:
    [booking] = paid_by_card(sandbox, yoga, [as_ana])
    ask = quoted(server, as_ana, booking) if with_quote else cancel(as_ana, booking)
    answers = at_once(server.base, [ask] * CLIENTS)
    assert tally(answers) == {(200, ""): 1, (409, "not_cancellable"): CLIENTS - 1}
    wait_until_returned(server)
    assert Refund.objects.get().amount == PRICE
    assert [one["amount"] for one in sandbox.every("refunds")] == [PRICE]
    assert Message.objects.filter(kind="booking_cancelled").count() == 1
    assert seats_match()


def test_credits_come_back_once(
    server: Server, yoga: ClassSession, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    give_credits(ana, 3)
    as_ana.book(yoga)
    answers = at_once(server.base, [cancel(as_ana, Booking.objects.get())] * CLIENTS)
    assert tally(answers) == {(200, ""): 1, (409, "not_cancellable"): CLIENTS - 1}
    assert [lot.remaining for lot in credits.usable(ana, at=timezone.now())] == [3]
    assert CreditEntry.objects.filter(kind="returned").count() == 1
    assert seats_match()


def test_members_against_the_studio_that_cancels_the_session(
    server: Server, yoga: ClassSession, as_carla: Caller, sandbox: Sandbox
) -> None:
    """Half of them have paid by card and half by credits; each gets everything, from one of the two."""
    members = crowd(2 * MEMBERS, credits_each=1)
    bookings = paid_by_card(sandbox, yoga, members[:MEMBERS])
    for member in members[MEMBERS:]:
        assert member.book(yoga).json()["paid_with"] == "credits"
    bookings = list(Booking.objects.order_by("id").select_related("payment"))
    asks = [cancel(member, booking) for member, booking in zip(members, bookings, strict=True)]
    middle = len(asks) // 2
    studio = [cancel_session(as_carla, yoga)] * STAFF
    answers = at_once(server.base, [*asks[:middle], *studio, *asks[middle:]])
    staff = answers[middle : middle + STAFF]
    assert tally(staff) == {(200, ""): STAFF}
    own = tally(answers[:middle] + answers[middle + STAFF :])
    assert own.keys() <= {(200, ""), (409, "not_cancellable")}
    wait_until_returned(server)
    reasons = list(Booking.objects.filter(status="cancelled").values_list("ended_reason", flat=True))
    assert len(reasons) == len(bookings)
    assert set(reasons) <= {"member", "session_cancelled"}
    # Who gives a booking of a called-off session back is told 200, and the studio's reason stands on it.
    assert reasons.count("member") <= own[200, ""]
    assert all(row["done"] for answer in staff for row in answer.json["bookings"])
    assert given_back(sandbox) == {b.payment.stripe_intent_id: PRICE for b in bookings if b.payment}
    assert Refund.objects.count() == MEMBERS
    assert CreditEntry.objects.filter(kind="returned").count() == MEMBERS
    assert Message.objects.filter(kind__in=("booking_cancelled", "session_cancelled")).count() == len(bookings)
    yoga.refresh_from_db()
    assert (yoga.status, yoga.seats_taken) == ("cancelled", 0)


def test_members_against_the_dashboard_never_pass_what_was_paid(
    server: Server, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """Somebody returns all or a part by hand while its member cancels, and the news of it races too."""
    members = crowd(MEMBERS)
    bookings = paid_by_card(sandbox, yoga, members)
    intents = [str(booking.payment.stripe_intent_id) for booking in bookings if booking.payment]

    def gives_up(number: int) -> Callable[[Http], Awaitable[Answer]]:
        return lambda http: send(http, server.base, cancel(members[number], bookings[number]))

    def returns_by_hand(number: int) -> Callable[[Http], Awaitable[Answer | None]]:
        async def act(http: Http) -> Answer | None:
            url = f"{sandbox.base}/_sandbox/payment_intents/{intents[number]}/refund"
            async with http.post(url, json={"amount": PART} if number % 2 else {}) as answer:
                if answer.status != 200:  # ours was quicker
                    return None
            return await send(http, server.base, tell(await event_of(sandbox, intents[number], "refund.created")))

        return act

    answers = together([act(number) for number in range(MEMBERS) for act in (gives_up, returns_by_hand)])
    assert tally(answers[::2]) == {(200, ""): MEMBERS}
    assert tally([answer for answer in answers[1::2] if answer]).keys() <= {(200, "")}
    wait_until_returned(server)
    for event in [*sandbox.events("refund.created"), *sandbox.events("refund.updated")]:
        assert hear(event).status_code == 200
    wait_until_returned(server)
    assert given_back(sandbox) == dict.fromkeys(intents, PRICE)
    assert not Message.objects.filter(kind="refund_failed").exists()
    assert seats_match()


def test_without_its_condition_a_cancellation_gives_the_seat_back_twice(
    unguarded: Server, yoga: ClassSession, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    """Ben's seat is free then as well, although he has paid for it."""
    mine, _ = paid_by_card(sandbox, yoga, [as_ana, as_ben])
    answers = at_once(unguarded.base, [cancel(as_ana, mine).without("ending")] * TWINS)
    assert tally(answers)[200, ""] > 1
    assert "seats" in {law.split(":")[0] for law in laws.broken()}
    wait_until_returned(unguarded)


def test_without_the_condition_and_the_constraint_credits_come_back_twice(
    unguarded: Server,
    yoga: ClassSession,
    as_ana: Caller,
    as_ben: Caller,
    ana: Member,
    ben: Member,
    sandbox: Sandbox,
    without_constraints: Without,
) -> None:
    """Ana has spent two credits of her lot, which can never hold more than was given, and gives up one booking."""
    give_credits(ana, 2)
    give_credits(ben, 1)
    for caller, one in ((as_ben, yoga), (as_ana, yoga), (as_ana, session(title="Spin"))):
        assert caller.book(one).json()["paid_with"] == "credits"
    ask = cancel(as_ana, Booking.objects.get(member=ana, session=yoga)).without("ending")
    with without_constraints("one_give_back_per_spend_and_lot", model=CreditEntry):
        at_once(unguarded.base, [ask] * TWINS)
        [lot] = credits.usable(ana, at=timezone.now())
        assert lot.remaining == 2
        unguarded.wait_until_calm()
        CreditEntry.objects.all().delete()
