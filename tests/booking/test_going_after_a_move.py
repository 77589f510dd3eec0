"""The studio moves a session: who had agreed to it before may go in full, who comes to it later has the usual terms."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from payments import refunds
from tests.cast import Caller, Sandbox, code, give_credits, intent_of, paid_by_card, seats_match, session, tell

SOON, LATER = timedelta(hours=3), timedelta(days=9)


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


@pytest.fixture
def late() -> ClassSession:
    """So near that cancelling returns nothing any more."""
    return session(starts_at=timezone.now() + timedelta(hours=2))


def patch(caller: Caller, one: ClassSession, **fields: Any) -> None:
    fields = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
    assert caller.patch(f"/api/booking/sessions/{one.pk}/", fields).status_code == 200


def move(caller: Caller, one: ClassSession, by: timedelta) -> None:
    starts_at = timezone.now() + by
    patch(caller, one, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))


def quote(caller: Caller, reference: str) -> Any:
    return caller.get(f"/api/booking/bookings/{reference}/cancellation/").json()


def returns(caller: Caller, reference: str) -> tuple[str, int, int]:
    said = quote(caller, reference)
    return said["returns"], said["amount"], said["credits"]


def go(caller: Caller, reference: str, token: str | None = None) -> Any:
    return caller.post(f"/api/booking/bookings/{reference}/cancel/", {"quote": token} if token else {})


def is_in_order() -> bool:
    assert refunds.lane.wait(20)
    call_command("check_integrity", stdout=StringIO())
    return seats_match()


WHOLE, CREDIT, NOTHING = ("card", 1500, 0), ("credits", 0, 1), ("nothing", 0, 0)


@pytest.mark.parametrize(
    "how",
    [
        lambda carla, one: move(carla, one, timedelta(hours=1)),
        lambda carla, one: move(carla, one, SOON),
        lambda carla, one: move(carla, one, timedelta(hours=30)),
        lambda carla, one: patch(carla, one, location="Studio 2"),
    ],
    ids=["earlier", "later on the day", "to another day", "to another room"],
)
def test_who_had_paid_before_gets_everything_until_it_begins(
    how: Any, as_ana: Caller, as_ben: Caller, as_carla: Caller, ben: Member, late: ClassSession, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    mine, his = paid_by_card(as_ana, late, sandbox), as_ben.book(late).json()["reference"]
    assert (returns(as_ana, mine), returns(as_ben, his)) == (NOTHING, NOTHING)
    how(as_carla, late)
    assert (returns(as_ana, mine), returns(as_ben, his)) == (WHOLE, CREDIT)
    late.refresh_from_db()
    assert datetime.fromisoformat(quote(as_ana, mine)["until"]) == late.starts_at
    assert go(as_ana, mine).json()["ended_reason"] == "member"
    assert go(as_ben, his, quote(as_ben, his)["quote"]).status_code == 200
    assert is_in_order()
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500]
    assert as_ben.get("/api/payments/credits/").json()["balance"] == 1


def test_a_session_moved_closer_costs_nobody_the_full_return(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)
    assert returns(as_ana, reference) == WHOLE
    move(as_carla, one, SOON)
    assert returns(as_ana, reference) == WHOLE


def test_who_books_after_the_move_has_the_usual_terms(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, ben: Member, late: ClassSession, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    move(as_carla, late, SOON)
    mine, his = paid_by_card(as_ana, late, sandbox), as_ben.book(late).json()["reference"]
    assert (returns(as_ana, mine), returns(as_ben, his)) == (NOTHING, NOTHING)
    assert go(as_ana, mine).status_code == 200
    assert is_in_order()
    assert sandbox.every("refunds") == []


def test_booking_again_after_the_move_is_agreeing_to_it(
    as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    """Whoever goes in full and comes back has chosen the new time."""
    first = paid_by_card(as_ana, late, sandbox)
    move(as_carla, late, SOON)
    assert go(as_ana, first).status_code == 200
    again = paid_by_card(as_ana, late, sandbox)
    assert returns(as_ana, again) == NOTHING
    assert is_in_order()


def test_of_several_moves_the_last_one_counts(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    dan = Caller(Member.objects.create_user("dan@example.com", name="Dan"))
    first = paid_by_card(as_ana, late, sandbox)
    move(as_carla, late, SOON)
    between = paid_by_card(as_ben, late, sandbox)
    assert (returns(as_ana, first), returns(as_ben, between)) == (WHOLE, NOTHING)
    patch(as_carla, late, location="Studio 2")
    last = paid_by_card(dan, late, sandbox)
    assert [returns(*one) for one in ((as_ana, first), (as_ben, between), (dan, last))] == [WHOLE, WHOLE, NOTHING]


def test_a_hold_of_before_that_is_paid_after_may_go_in_full(
    as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    """Its member agreed to the former time, and the news of a payment may be late."""
    held = as_ana.book(late, "card")
    move(as_carla, late, SOON)
    sandbox.pays(intent_of(held))
    for event in sandbox.events("payment_intent.succeeded"):
        tell(event)
    assert returns(as_ana, held.json()["reference"]) == WHOLE


@pytest.mark.parametrize("pay_with", ["card", "credits"])
def test_an_offer_of_before_that_is_taken_after_has_the_usual_terms(
    pay_with: str, as_ana: Caller, as_ben: Caller, as_carla: Caller, ana: Member, late: ClassSession, sandbox: Sandbox
) -> None:
    give_credits(ana, 1)
    ClassSession.objects.update(capacity=1)
    his = as_ben.book(late, "card").json()["reference"]
    assert as_ana.post(f"/api/booking/sessions/{late.pk}/waitlist/").status_code == 201
    go(as_ben, his)
    move(as_carla, late, SOON)
    if pay_with == "card":
        reference = paid_by_card(as_ana, late, sandbox)
    else:
        reference = as_ana.book(late, pay_with).json()["reference"]
    assert Booking.objects.get(reference=reference).status == "paid"
    assert returns(as_ana, reference) == NOTHING


def test_a_quote_of_before_the_move_gives_everything_too(
    as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, late, sandbox)
    said = quote(as_ana, reference)
    assert said["returns"] == "nothing"
    move(as_carla, late, SOON)
    assert go(as_ana, reference, said["quote"]).status_code == 200
    assert Booking.objects.get().returned_amount == 1500
    assert is_in_order()


def test_tiers_and_fees_do_not_apply(
    as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox, settings: Any
) -> None:
    settings.CANCELLATION_TIERS = ((1, 50, 200),)
    reference = paid_by_card(as_ana, late, sandbox)
    assert returns(as_ana, reference) == ("card", 550, 0)
    move(as_carla, late, SOON)
    assert returns(as_ana, reference) == WHOLE


def test_what_went_back_before_does_not_go_back_again(
    as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, late, sandbox)
    intent = Booking.objects.get().payment.stripe_intent_id
    sandbox.control("POST", f"payment_intents/{intent}/refund", amount=1000)
    for event in sandbox.events("refund.created"):
        tell(event)
    move(as_carla, late, SOON)
    assert returns(as_ana, reference) == ("card", 500, 0)
    assert go(as_ana, reference).status_code == 200
    assert is_in_order()
    assert sorted(row["amount"] for row in sandbox.every("refunds")) == [500, 1000]


@pytest.mark.parametrize("why", ["it has begun", "they have come"])
def test_it_ends_when_the_session_begins(
    why: str, as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, late, sandbox)
    move(as_carla, late, SOON)
    if why == "it has begun":
        ClassSession.objects.update(starts_at=timezone.now() - timedelta(seconds=1))
    else:
        Booking.objects.update(checked_in_at=timezone.now())
    assert code(go(as_ana, reference)) == "not_cancellable"
    assert Booking.objects.get().status == "paid"


@pytest.mark.parametrize(
    "fields",
    [{"title": "Slow yoga"}, {"capacity": 20, "instructor": "Femi"}, {"location": "Studio 1"}, {"amount": 100}],
    ids=["title", "seats and instructor", "the same place", "price"],
)
def test_what_is_no_move_changes_no_terms(
    fields: dict[str, Any], as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, late, sandbox)
    patch(as_carla, late, **fields)
    assert returns(as_ana, reference) == NOTHING


def test_an_old_copy_of_a_session_does_not_forget_its_move(
    as_ana: Caller, as_carla: Caller, late: ClassSession, sandbox: Sandbox
) -> None:
    reference = paid_by_card(as_ana, late, sandbox)
    old = ClassSession.objects.get()
    patch(as_carla, late, location="Studio 2")
    old.location, old.description = "Studio 2", "Bring a mat"
    old.save()
    assert returns(as_ana, reference) == WHOLE


def test_a_move_stands_in_the_log_with_what_was_before(as_carla: Caller, carla: Member, late: ClassSession) -> None:
    patch(as_carla, late, location="Studio 2", capacity=12, title="Yoga")
    patch(as_carla, late, location="Studio 2")
    act = StaffAct.objects.get()
    assert (act.actor, act.act, act.subject) == (carla, "change_session", f"session:{late.pk}")
    assert act.before == {"location": "Studio 1", "capacity": 10}
    assert act.after == {"location": "Studio 2", "capacity": 12}
