"""The studio cancels a session: everybody gets everything back, once, whatever happens halfway."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member
from notifications.models import Message
from payments import refunds
from payments.models import Refund
from tests.cast import Caller, Sandbox, code, give_credits, intent_of, paid_by_card, seats_match, session, tell
from tests.rival import Crash, crash, meanwhile


@pytest.fixture(autouse=True)
def stripe_here(sandbox: Sandbox) -> Sandbox:
    return sandbox


@pytest.fixture
def dan() -> Member:
    return Member.objects.create_user("dan@example.com", "dan-and-the-wall", name="Dan")


def cancel(caller: Caller, one: ClassSession) -> Any:
    return caller.post(f"/api/booking/sessions/{one.pk}/cancel/")


def terms(caller: Caller, reference: str) -> Any:
    """What cancelling it now returns."""
    return caller.get(f"/api/booking/bookings/{reference}/cancellation/").json()


def returned(answer: Any) -> dict[str, tuple[str, str, int, int, bool]]:
    """By reference: status, what returns, minor units, credits, done."""
    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    return {
        row["reference"]: (row["status"], row["returns"], row["amount"], row["credits"], row["done"])
        for row in answer.json()["bookings"]
    }


def told(member: Member) -> str:
    """What the one message says that the studio cancelled it."""
    return str(Message.objects.get(kind="session_cancelled", member=member).variables["returns"])


def is_in_order(one: ClassSession) -> bool:
    """The laws hold, nobody holds a seat and nobody waits."""
    call_command("check_integrity", stdout=StringIO())
    assert not WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session=one).exists()
    one.refresh_from_db()
    return seats_match() and one.seats_taken == 0 and one.status == "cancelled"


CARD, CREDIT = ("cancelled", "card", 1500, 0, True), ("cancelled", "credits", 0, 1, True)
HOLD, FREE = ("freed", "nothing", 0, 0, True), ("cancelled", "nothing", 0, 0, True)


# --- What comes back --------------------------------------------------------------------------------------------------


def test_a_card_gets_the_whole_price_back(as_ana: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)
    assert returned(cancel(as_carla, one)) == {reference: CARD}
    assert as_ana.booking(reference)["ended_reason"] == "session_cancelled"
    assert told(ana) == "15.00 GBP goes back to your card."
    assert refunds.lane.wait(20)
    assert Refund.objects.get().status == "succeeded"
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500]
    assert is_in_order(one)


def test_credits_come_back(as_ana: Caller, as_carla: Caller, ana: Member, carla: Member) -> None:
    give_credits(ana, 1)
    one = session()
    reference = as_ana.book(one).json()["reference"]
    assert returned(cancel(as_carla, one)) == {reference: CREDIT}
    assert as_ana.get("/api/payments/credits/").json()["balance"] == 1
    assert told(ana) == "1 credit is yours again."
    last = as_ana.get(f"/api/booking/bookings/{reference}/history/").json()["results"][-1]
    assert (last["reason"], last["by"]) == ("session_cancelled", f"staff:{carla.pk}")
    assert is_in_order(one)


def test_of_a_free_session_nothing_comes_back(as_ana: Caller, as_carla: Caller, ana: Member) -> None:
    one = session(amount=0)
    reference = as_ana.book(one).json()["reference"]
    assert returned(cancel(as_carla, one)) == {reference: FREE}
    assert told(ana) == "Nothing is returned."
    assert is_in_order(one)


def test_a_hold_is_voided(as_ana: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox) -> None:
    one = session()
    held = as_ana.book(one, "card")
    assert returned(cancel(as_carla, one)) == {held.json()["reference"]: HOLD}
    assert sandbox.intent(intent_of(held))["status"] == "canceled"
    assert told(ana) == "Nothing was paid."
    assert is_in_order(one)


def test_a_hold_that_was_paid_unheard_of_gets_its_money_back(
    as_ana: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox
) -> None:
    """The cancel call at Stripe tells that it was paid."""
    one = session()
    held = as_ana.book(one, "card")
    sandbox.pays(intent_of(held))
    [(status, returns, amount, _, done)] = returned(cancel(as_carla, one)).values()
    assert (status in ("freed", "cancelled"), returns, amount, done) == (True, "card", 1500, True)
    assert told(ana) == "15.00 GBP goes back to your card."
    for event in sandbox.events("payment_intent.succeeded"):
        tell(event)
    assert refunds.lane.wait(20)
    call_command("submit_refunds", stdout=StringIO())
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500]
    assert is_in_order(one)


def test_an_offer_ends_and_is_not_handed_on(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, ana: Member, dan: Member
) -> None:
    one = session(capacity=1)
    his = as_ben.book(one, "card").json()["reference"]
    for member in (ana, dan):
        assert Caller(member).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    as_ben.post(f"/api/booking/bookings/{his}/cancel/")
    offer = as_ana.get("/api/booking/waitlist/").json()["results"][0]["booking"]
    assert returned(cancel(as_carla, one)) == {offer: HOLD}
    assert told(ana) == "Nothing was paid."
    assert told(dan) == "You were on its waitlist, so nothing was paid."
    assert Caller(dan).get("/api/booking/waitlist/").json()["results"][0]["status"] == "left"
    assert Booking.objects.filter(member=dan).count() == 0
    assert is_in_order(one)


def test_who_waits_is_sent_home_and_no_freed_seat_is_offered(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox
) -> None:
    one = session(capacity=1)
    reference = paid_by_card(as_ben, one, sandbox)
    as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    assert returned(cancel(as_carla, one)) == {reference: CARD}
    assert told(ana) == "You were on its waitlist, so nothing was paid."
    assert not Booking.objects.filter(member=ana).exists()
    assert is_in_order(one)
    assert code(as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/")) == "session_closed"
    assert code(as_ana.book(one, "card")) == "session_closed"


def test_late_and_checked_in_come_back_in_full_too(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    one = session(starts_at=timezone.now() + timedelta(minutes=20))
    reference = paid_by_card(as_ana, one, sandbox)
    Booking.objects.update(checked_in_at=timezone.now())
    assert returned(cancel(as_carla, one)) == {reference: CARD}
    assert is_in_order(one)


def test_what_the_dashboard_returned_is_not_returned_again(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)
    intent = Booking.objects.get().payment.stripe_intent_id
    sandbox.control("POST", f"payment_intents/{intent}/refund", amount=1000)
    for event in sandbox.events("refund.created"):
        tell(event)
    assert returned(cancel(as_carla, one)) == {reference: ("cancelled", "card", 500, 0, True)}
    assert refunds.lane.wait(20)
    assert sorted(row["amount"] for row in sandbox.every("refunds")) == [500, 1000]
    assert is_in_order(one)


# --- Halfway ----------------------------------------------------------------------------------------------------------


def test_when_stripe_is_silent_the_next_call_finishes(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, ana: Member, ben: Member, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    one = session()
    mine, his = as_ana.book(one, "card").json()["reference"], as_ben.book(one).json()["reference"]
    sandbox.fault("status_before", "/cancel$", status=500, times=50)
    first = cancel(as_carla, one)
    assert returned(first) == {mine: ("pending", "nothing", 0, 0, False), his: CREDIT}
    [why] = [row["why"] for row in first.json()["bookings"] if not row["done"]]
    assert why.startswith("The payment provider did not answer")
    assert not Message.objects.filter(kind="session_cancelled", member=ana).exists()
    sandbox.clear_faults()
    assert returned(cancel(as_carla, one)) == {mine: HOLD, his: CREDIT}
    assert told(ana) == "Nothing was paid."
    assert is_in_order(one)


def test_what_stripe_was_silent_about_the_expiry_command_finishes(
    as_ana: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox
) -> None:
    one = session()
    reference = as_ana.book(one, "card").json()["reference"]
    sandbox.fault("status_before", "/cancel$", status=500, times=50)
    cancel(as_carla, one)
    sandbox.clear_faults()
    call_command("expire_pending_bookings", stdout=StringIO())
    assert as_ana.booking(reference)["ended_reason"] == "session_cancelled"
    assert returned(cancel(as_carla, one)) == {reference: HOLD}
    assert told(ana) == "Nothing was paid."
    assert is_in_order(one)


def test_repeated_it_reports_the_same_and_returns_nothing_again(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, ben: Member, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    one = session()
    given_up = as_ben.book(one).json()["reference"]
    as_ben.post(f"/api/booking/bookings/{given_up}/cancel/")
    mine, his = paid_by_card(as_ana, one, sandbox), as_ben.book(one).json()["reference"]
    first = cancel(as_carla, one)
    assert returned(first) == {mine: CARD, his: CREDIT}
    # Also when its time has come meanwhile.
    starts_at = timezone.now() - timedelta(minutes=1)
    ClassSession.objects.update(starts_at=starts_at)
    assert cancel(as_carla, one).json() == first.json()
    assert refunds.lane.wait(20)
    assert len(sandbox.every("refunds")) == Refund.objects.count() == 1
    assert as_ben.get("/api/payments/credits/").json()["balance"] == 1
    assert Message.objects.filter(kind="session_cancelled").count() == 2
    assert is_in_order(one)


def test_a_crash_between_two_refunds_leaves_the_rest_to_the_next_call(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    references = [paid_by_card(caller, one, sandbox) for caller in (as_ana, as_ben)]

    with pytest.raises(Crash), meanwhile(lambda: None, crash, before='UPDATE "booking_booking"'):
        cancel(as_carla, one)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "paid"]
    assert Refund.objects.count() == 1
    assert returned(cancel(as_carla, one)) == dict.fromkeys(references, CARD)
    assert refunds.lane.wait(20)
    call_command("submit_refunds", stdout=StringIO())
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500, 1500]
    assert is_in_order(one)


def test_what_a_crash_has_left_is_finished_by_the_expiry_command(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, dan: Member, sandbox: Sandbox
) -> None:
    """Nobody may come back to it: who cancelled it saw an error, and its bookings look paid to everyone."""
    one = session(capacity=2)
    mine, his = (paid_by_card(caller, one, sandbox) for caller in (as_ana, as_ben))
    assert Caller(dan).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201

    with pytest.raises(Crash), meanwhile(crash, before='UPDATE "booking_waitlistentry"'):
        cancel(as_carla, one)
    assert set(Booking.objects.values_list("status", flat=True)) == {"paid"}
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=1))  # and meanwhile it would have begun
    out = StringIO()
    call_command("expire_pending_bookings", stdout=out)
    assert "; 2 bookings of cancelled sessions ended" in out.getvalue()
    assert returned(cancel(as_carla, one)) == {mine: CARD, his: CARD}
    assert told(dan) == "You were on its waitlist, so nothing was paid."
    assert refunds.lane.wait(20)
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500, 1500]
    assert is_in_order(one)


def test_what_cannot_be_finished_stays_for_the_next_run(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session()
    for caller in (as_ana, as_ben):
        paid_by_card(caller, one, sandbox)
    ClassSession.objects.update(status="cancelled")

    def fail() -> None:
        raise RuntimeError("poison")

    out = StringIO()
    call_command("expire_pending_bookings", "--dry-run", stdout=out)
    assert "; 2 bookings of cancelled sessions" in out.getvalue()
    with pytest.raises(SystemExit), meanwhile(fail, before='UPDATE "booking_booking"'):
        call_command("expire_pending_bookings", stdout=out)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "paid"]
    call_command("expire_pending_bookings", stdout=out)
    assert is_in_order(one)


@pytest.mark.parametrize("quoted", [False, True], ids=["without a quote", "with a quote of before"])
def test_who_gives_up_what_a_crash_has_left_gets_everything_too(
    quoted: bool, as_ana: Caller, as_ben: Caller, as_carla: Caller, ben: Member, sandbox: Sandbox
) -> None:
    """Late, a member's own cancellation returns nothing; but it is the studio that does not let it take place."""
    give_credits(ben, 1)
    one = session(starts_at=timezone.now() + timedelta(hours=2))
    mine, his = paid_by_card(as_ana, one, sandbox), as_ben.book(one).json()["reference"]
    both = {as_ana: mine, as_ben: his}
    bodies = {caller: terms(caller, reference) for caller, reference in both.items()}
    assert {body["returns"] for body in bodies.values()} == {"nothing"}

    with pytest.raises(Crash), meanwhile(crash, before='UPDATE "booking_booking"'):
        cancel(as_carla, one)
    assert [terms(caller, reference)["returns"] for caller, reference in both.items()] == ["card", "credits"]
    for caller, reference in both.items():
        body = {"quote": bodies[caller]["quote"]} if quoted else {}
        assert caller.post(f"/api/booking/bookings/{reference}/cancel/", body).status_code == 200
    assert told(ben) == "1 credit is yours again."
    assert as_ben.get("/api/payments/credits/").json()["balance"] == 1
    assert returned(cancel(as_carla, one)) == {mine: CARD, his: CREDIT}
    assert refunds.lane.wait(20)
    assert [row["amount"] for row in sandbox.every("refunds")] == [1500]
    assert is_in_order(one)


def test_a_booking_that_cannot_be_ended_keeps_no_other_waiting(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    mine, his = [paid_by_card(caller, one, sandbox) for caller in (as_ana, as_ben)]

    def fail() -> None:
        raise RuntimeError("poison")

    with meanwhile(fail, before='UPDATE "booking_booking"'):
        first = returned(cancel(as_carla, one))
    assert first == {mine: ("paid", "nothing", 0, 0, False), his: CARD}
    assert returned(cancel(as_carla, one)) == {mine: CARD, his: CARD}
    assert is_in_order(one)


def test_a_member_who_gives_up_at_that_instant_is_returned_once(
    as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session()
    reference = paid_by_card(as_ana, one, sandbox)

    def gives_up() -> None:
        assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200

    with meanwhile(gives_up):
        answer = cancel(as_carla, one)
    assert answer.status_code == 200
    assert Refund.objects.count() == 1
    assert as_ana.booking(reference)["status"] == "cancelled"
    assert is_in_order(one)


def test_who_joins_the_line_while_it_is_cancelled_does_not_wait_for_good(
    as_ana: Caller, as_ben: Caller, as_carla: Caller
) -> None:
    one = session(capacity=1)
    as_ben.book(one, "card")
    with meanwhile(lambda: ClassSession.objects.update(status="cancelled"), before='INSERT INTO "booking_waitlist'):
        refused = as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    assert code(refused) == "session_closed"
    assert not WaitlistEntry.objects.exists()


# --- Who and when -----------------------------------------------------------------------------------------------------


def test_only_staff_cancel_a_session(as_ana: Caller, as_carla: Caller, anyone: Caller) -> None:
    one = session()
    assert (cancel(as_ana, one).status_code, cancel(anyone, one).status_code) == (403, 401)
    one.refresh_from_db()
    assert one.status == "scheduled"
    assert as_carla.post("/api/booking/sessions/999/cancel/").status_code == 404


def test_a_session_that_has_begun_is_not_cancelled(as_ana: Caller, as_carla: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    one = session()
    reference = as_ana.book(one).json()["reference"]
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=1))
    refused = cancel(as_carla, one)
    assert (refused.status_code, code(refused)) == (409, "session_closed")
    assert as_ana.booking(reference)["status"] == "paid"


def test_a_change_does_not_revive_a_cancelled_session(as_ana: Caller, as_carla: Caller) -> None:
    one = session()
    cancel(as_carla, one)
    changed = as_carla.patch(f"/api/booking/sessions/{one.pk}/", {"status": "scheduled", "capacity": 20})
    assert (changed.json()["status"], changed.json()["bookable"]) == ("cancelled", False)
    assert code(as_ana.book(one, "card")) == "session_closed"
