"""One member who asks the same thing many times at one instant: an impatient thumb, or an app that repeats itself."""

import pytest

from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import CreditSpend, Payment
from tests.cast import Caller, Sandbox, give_credits, seats_match, session
from tests.races import laws
from tests.races.clients import Answer, at_once, book, tally
from tests.races.conftest import Without
from tests.races.server import Server
from tests.races.sizes import CLIENTS, PAIRS

pytestmark = pytest.mark.load

# As many as the two processes with eight threads each work on at the same moment.
TWINS = 16
# Every way to pay, asked for by as many clients each.
HOWS = (("credits", "card", "auto", "card") * CLIENTS)[:CLIENTS]
KEY_GUARD = "one_booking_per_member_and_idempotency_key"
SESSION_GUARD = "one_holding_booking_per_member_and_session"


def same(answers: list[Answer]) -> bool:
    """Whether all the answers name one booking, by one secret."""
    return len({(answer.json["reference"], answer.json.get("stripe_client_secret")) for answer in answers}) == 1


def test_one_key_many_times_is_one_booking_with_one_intent(
    server: Server, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    answers = at_once(server.base, [book(as_ana, yoga, "card", key="k1")] * CLIENTS)
    assert tally(answers) == {(201, ""): 1, (200, ""): CLIENTS - 1}
    assert same(answers)
    [intent] = sandbox.intents()
    assert intent["client_secret"] == answers[0].json["stripe_client_secret"]
    assert Booking.objects.get().payment == Payment.objects.get(stripe_intent_id=intent["id"])
    assert seats_match()


def test_while_stripe_is_slow_one_key_many_times_is_still_one_booking(
    server: Server, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """Stripe refuses twins of a create call at work: they are told to ask again, and then get the same booking.

    The request that made the booking may be such a twin itself: then nobody is answered 201.
    """
    sandbox.fault("hang_before", "/v1/payment_intents$", seconds=1)
    answers = at_once(server.base, [book(as_ana, yoga, "card", key="k1")] * CLIENTS)
    busy = [answer for answer in answers if answer.status == 503]
    assert {answer.code for answer in busy} <= {"payments_unavailable"}
    assert all("Retry-After" in answer.headers for answer in busy)
    heard = [answer for answer in answers if answer.status != 503]
    assert heard
    assert tally(heard).keys() <= {(201, ""), (200, "")}
    assert tally(heard)[201, ""] <= 1
    repeats = max(1, len(busy))
    again = at_once(server.base, [book(as_ana, yoga, "card", key="k1")] * repeats)
    assert tally(again) == {(200, ""): repeats}
    assert same(heard + again)
    assert len(sandbox.intents()) == Booking.objects.count() == Payment.objects.count() == 1
    assert seats_match()


def test_one_key_many_times_spends_the_last_credit_once(
    hasty: Server, as_ana: Caller, ana: Member, yoga: ClassSession
) -> None:
    """The twins of the request must not be refused for the credit that it has spent itself."""
    give_credits(ana, 1)
    answers = at_once(hasty.base, [book(as_ana, yoga, "credits", key="k1").without("haste")] * TWINS)
    assert tally(answers) == {(201, ""): 1, (200, ""): TWINS - 1}
    assert same(answers)
    assert CreditSpend.objects.count() == 1


def test_one_key_many_times_for_the_last_seat_is_one_booking(hasty: Server, as_ana: Caller, sandbox: Sandbox) -> None:
    ask = book(as_ana, session(capacity=1), "card", key="k1").without("haste")
    answers = at_once(hasty.base, [ask] * TWINS)
    assert tally(answers) == {(201, ""): 1, (200, ""): TWINS - 1}
    assert same(answers)


def test_one_key_many_times_for_the_last_hold_allowed_is_one_booking(
    hasty: Server, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    """The twins of the third hold must not be refused for the hold that they ask for."""
    for _ in range(2):
        as_ana.book(session())
    answers = at_once(hasty.base, [book(as_ana, yoga, "card", key="k1").without("haste")] * TWINS)
    assert tally(answers) == {(201, ""): 1, (200, ""): TWINS - 1}
    assert same(answers)


def test_one_key_for_two_sessions_books_one_of_them(server: Server, as_ana: Caller, sandbox: Sandbox) -> None:
    asks = [book(as_ana, one, "card", key="k1") for one in (session(), session()) for _ in range(PAIRS)]
    answers = at_once(server.base, asks)
    booked = [answer for answer in answers if answer.status != 422]
    assert tally(answers) == {(201, ""): 1, (200, ""): PAIRS - 1, (422, "idempotency_key_reused"): PAIRS}
    assert same(booked)
    assert Booking.objects.count() == len(sandbox.intents()) == 1


def test_credits_and_card_at_once_without_a_key_is_one_booking(
    server: Server, as_ana: Caller, ana: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    give_credits(ana, 5)
    answers = at_once(server.base, [book(as_ana, yoga, how) for how in HOWS])
    counted = tally(answers)
    assert counted[201, ""] == 1
    assert counted.keys() <= {(201, ""), (200, ""), (409, "already_booked")}
    booking = Booking.objects.get(status__in=Booking.HOLDING)
    assert same([answer for answer in answers if answer.status < 300])
    assert Booking.objects.count() == 1
    assert Payment.objects.count() == len(sandbox.intents()) == (1 if booking.payment else 0)
    assert CreditSpend.objects.count() == (1 if booking.credit_spend else 0)
    assert seats_match()


def test_without_the_unique_key_one_key_books_several_sessions(
    unguarded: Server, as_ana: Caller, sandbox: Sandbox, without_constraints: Without
) -> None:
    with without_constraints(KEY_GUARD):
        at_once(unguarded.base, [book(as_ana, session(), "card", key="k1").without("haste") for _ in range(TWINS)])
        assert Booking.objects.filter(idempotency_key="k1").count() > 1


def test_without_the_unique_indexes_the_same_request_books_twice(
    unguarded: Server, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox, without_constraints: Without
) -> None:
    with without_constraints(KEY_GUARD, SESSION_GUARD):
        at_once(unguarded.base, [book(as_ana, yoga, "card", key="k1").without("haste")] * TWINS)
        assert Booking.objects.filter(session=yoga, status__in=Booking.HOLDING).count() > 1


def test_without_the_unique_index_a_member_books_a_session_twice(
    unguarded: Server, as_ana: Caller, ana: Member, yoga: ClassSession, sandbox: Sandbox, without_constraints: Without
) -> None:
    give_credits(ana, 5)
    with without_constraints(SESSION_GUARD):
        at_once(unguarded.base, [book(as_ana, yoga, how).without("haste") for how in HOWS[:TWINS]])
        assert Booking.objects.filter(session=yoga, status__in=Booking.HOLDING).count() > 1
        assert "one_booking" in {law.split(":")[0] for law in laws.broken()}
