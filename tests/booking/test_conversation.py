"""On WhatsApp a member takes the seat that the waitlist offers, and gives a booking back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time

from booking.conversation import HELP, NO_BOOKING, NO_OFFER, NO_QUESTION, TOO_LATE
from booking.models import Booking, ClassSession
from members.models import Member
from notifications.models import Message, Reply
from payments.models import CreditSpend, Refund
from tests.cast import Caller, Sandbox, give_credits, intent_of, seats_match, session
from tests.notifications.phone import write
from tests.rival import meanwhile

SID = "SM" + "a" * 32


@pytest.fixture(autouse=True)
def here(sandbox: Sandbox, ana: Member, ben: Member) -> Sandbox:
    return sandbox


def offered(as_ana: Caller, as_ben: Caller, **fields: Any) -> Booking:
    """Ben gives back the last seat of a session that Ana waits for: it is hers to take."""
    one = session(capacity=1, **fields)
    held = as_ben.book(one, "card").json()["reference"]
    assert as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert as_ben.post(f"/api/booking/bookings/{held}/cancel/").status_code == 200
    return Booking.objects.get(session=one, status="pending")


def crash_before_the_answer() -> None:
    """The process died when the act was done and its answer was not written yet."""
    Reply.objects.update(answer="", answered_at=None)


# --- YES --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["YES", "yes", "Yes!", " yes please. "])
def test_yes_takes_the_offer_with_credits(as_ana: Caller, as_ben: Caller, ana: Member, text: str) -> None:
    offer = offered(as_ana, as_ben)
    give_credits(ana, 1)
    answer = write(text)
    assert answer.startswith("You are booked: Yoga, ")
    assert answer.endswith(f"Reference {offer.reference}.")
    booking = as_ana.booking(offer.reference)
    assert (booking["status"], booking["paid_with"], booking["credits_spent"]) == ("paid", "credits", 1)
    assert Message.objects.filter(kind="booking_paid", subject=offer.subject).exists()
    assert seats_match()


def test_yes_takes_what_is_free(as_ana: Caller, as_ben: Caller) -> None:
    offer = offered(as_ana, as_ben)
    ClassSession.objects.update(amount=0)
    assert write("YES").startswith("You are booked: Yoga, ")
    assert as_ana.booking(offer.reference)["paid_with"] == "free"


def test_without_credits_yes_is_answered_by_a_link_to_pay(as_ana: Caller, as_ben: Caller) -> None:
    offer = offered(as_ana, as_ben)
    assert write("YES").endswith(f" http://localhost:8000/?booking={offer.reference}")
    offer.refresh_from_db()
    assert (offer.status, offer.payment, seats_match()) == ("pending", None, True)


def test_of_two_offers_yes_takes_the_one_that_begins_sooner(as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    late = offered(as_ana, as_ben, title="Spin", starts_at=timezone.now() + timedelta(days=5))
    soon = offered(as_ana, as_ben)
    give_credits(ana, 5)
    assert "Yoga" in write("YES")
    assert "Spin" in write("YES")
    assert write("YES") == NO_OFFER
    assert {as_ana.booking(one.reference)["status"] for one in (late, soon)} == {"paid"}


@pytest.mark.parametrize("text", ["yes but I can not come", "YES YES", "say yes", "no", "Y E S"])
def test_only_the_very_word_takes_an_offer(as_ana: Caller, as_ben: Caller, ana: Member, text: str) -> None:
    offer = offered(as_ana, as_ben)
    give_credits(ana, 1)
    assert write(text) == HELP
    assert as_ana.booking(offer.reference)["status"] == "pending"


@pytest.mark.parametrize("case", ["none", "a hold by card", "lapsed", "cancelled", "of another member"])
def test_without_a_live_offer_yes_does_nothing(as_ana: Caller, as_ben: Caller, ana: Member, case: str) -> None:
    give_credits(ana, 1)
    if case == "a hold by card":
        as_ana.book(session(), "card")
    elif case != "none":
        offered(as_ana, as_ben)
    if case == "lapsed":
        Booking.objects.filter(status="pending").update(expires_at=timezone.now())
    elif case == "cancelled":
        ClassSession.objects.update(status="cancelled")
    number = "+447700900124" if case == "of another member" else "+447700900123"
    assert write("YES", phone=number) == NO_OFFER
    assert not Booking.objects.filter(status="paid").exists()


def test_a_replayed_yes_books_once(as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    offer = offered(as_ana, as_ben)
    offered(as_ana, as_ben, title="Spin", starts_at=timezone.now() + timedelta(days=5))
    give_credits(ana, 5)
    first = write("YES", sid=SID)
    assert write("YES", sid=SID) == first
    crash_before_the_answer()
    assert write("YES", sid=SID) == first
    assert CreditSpend.objects.count() == 1
    assert list(Booking.objects.filter(status="paid")) == [offer]


def test_a_yes_whose_process_died_before_the_act_is_finished_by_the_replay(
    as_ana: Caller, as_ben: Caller, ana: Member
) -> None:
    offer = offered(as_ana, as_ben)
    give_credits(ana, 1)
    Reply.objects.create(sid=SID, phone="+447700900123", member=ana, text="YES", received_at=timezone.now())
    assert write("YES", sid=SID).startswith("You are booked")
    assert as_ana.booking(offer.reference)["status"] == "paid"


def test_a_number_in_two_accounts_takes_nothing(as_ana: Caller, as_ben: Caller, ana: Member, ben: Member) -> None:
    offer = offered(as_ana, as_ben)
    give_credits(ana, 1)
    Member.objects.filter(pk=ben.pk).update(phone="+447700900123")
    assert "more than one account" in write("YES")
    assert as_ana.booking(offer.reference)["status"] == "pending"


# --- CANCEL, and CONFIRM ----------------------------------------------------------------------------------------------


def paid_by_card(as_ana: Caller, sandbox: Sandbox, **fields: Any) -> Booking:
    """Ana has paid 15 pounds for a session in two days."""
    held = as_ana.book(session(**fields), "card")
    sandbox.pays(intent_of(held))
    assert as_ana.post(f"/api/booking/bookings/{held.json()['reference']}/sync/").json()["status"] == "paid"
    return Booking.objects.get(reference=held.json()["reference"])


def paid_with_credits(as_ana: Caller, ana: Member, **fields: Any) -> Booking:
    give_credits(ana, 1)
    return Booking.objects.get(reference=as_ana.book(session(**fields)).json()["reference"])


def balance(caller: Caller) -> int:
    return int(caller.get("/api/payments/credits/").json()["balance"])


@pytest.mark.parametrize("text", ["CANCEL", "cancel!", "Cancel booking", "cancel my", "please cancel"])
def test_cancel_asks_back_with_what_returns_and_changes_nothing(
    as_ana: Caller, ana: Member, sandbox: Sandbox, text: str
) -> None:
    booking = paid_by_card(as_ana, sandbox)
    start = Message.objects.get(kind="booking_paid").variables["start"]
    if text == "cancel my":
        assert write(text) == NO_BOOKING
        return
    asked = f"Yoga, {start}: 15.00 GBP goes back to your card. Write CONFIRM within 10 minutes to cancel it."
    assert write(text) == asked
    booking.refresh_from_db()
    assert (booking.status, Reply.objects.get().booking) == ("paid", booking.reference)


def test_confirm_gives_back_what_was_said(as_ana: Caller, sandbox: Sandbox) -> None:
    booking = paid_by_card(as_ana, sandbox)
    write("CANCEL")
    assert write("Confirm").endswith(". 15.00 GBP goes back to your card.")
    booking.refresh_from_db()
    assert (booking.status, booking.ended_reason, booking.returned_amount) == ("cancelled", "member", 1500)
    assert [refund.amount for refund in Refund.objects.all()] == [1500]
    assert Message.objects.get(kind="booking_cancelled").variables["returns"] == "15.00 GBP goes back to your card."
    assert seats_match()


def test_a_tier_that_passes_between_question_and_confirmation_changes_nothing(as_ana: Caller, ana: Member) -> None:
    start = timezone.now() + timedelta(hours=24, minutes=5)
    booking = paid_with_credits(as_ana, ana, starts_at=start)
    assert "1 credit is yours again." in write("CANCEL")
    with freeze_time(start - timedelta(hours=23, minutes=58)):
        assert "1 credit is yours again." in write("CONFIRM")
    booking.refresh_from_db()
    assert (booking.status, balance(as_ana)) == ("cancelled", 1)


def test_after_the_minutes_of_the_quote_confirm_does_nothing(as_ana: Caller, ana: Member) -> None:
    booking = paid_with_credits(as_ana, ana)
    write("CANCEL")
    with freeze_time(timezone.now() + timedelta(minutes=11)):
        assert write("CONFIRM") == TOO_LATE
    booking.refresh_from_db()
    assert booking.status == "paid"


def test_the_minutes_to_confirm_end_with_the_start(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2)
    for minutes, told in ((1, "a minute"), (5, "4 minutes")):
        as_ana.book(session(starts_at=timezone.now() + timedelta(minutes=minutes)), "credits")
        assert write("CANCEL").endswith(f"Nothing is returned. Write CONFIRM within {told} to cancel it.")
        assert write("CONFIRM").startswith("Your booking is cancelled: Yoga, ")


def test_a_question_is_over_once_another_booking_is_asked_about(as_ana: Caller, ana: Member) -> None:
    """The one that is meant is none of hers: the one that was meant before is not given up in its place."""
    give_credits(ana, 1)
    kept = as_ana.book(session(), "credits").json()["reference"]
    assert write("CANCEL BOOKING").endswith("to cancel it.")
    assert write("CANCEL BOOKING 00000000") == NO_BOOKING
    assert write("CONFIRM") == NO_QUESTION
    assert as_ana.booking(kept)["status"] == "paid"


def test_cancel_is_about_the_next_booking_or_the_one_named(as_ana: Caller, ana: Member) -> None:
    late = paid_with_credits(as_ana, ana, title="Spin", starts_at=timezone.now() + timedelta(days=5))
    soon = paid_with_credits(as_ana, ana)
    assert write("CANCEL").startswith("Yoga, ")
    look_alike = late.reference.replace("0", "o").replace("1", "l").lower()
    assert write(f"cancel {look_alike}.").startswith("Spin, ")
    write("CONFIRM")
    late.refresh_from_db()
    soon.refresh_from_db()
    assert (late.status, soon.status) == ("cancelled", "paid")


def test_what_cannot_be_cancelled_is_not_asked_about(as_ana: Caller, as_ben: Caller, ana: Member) -> None:
    assert write("CANCEL") == NO_BOOKING
    foreign = Booking.objects.get(reference=as_ben.book(session(amount=0)).json()["reference"])
    assert write(f"CANCEL {foreign.reference}") == NO_BOOKING
    mine = paid_with_credits(as_ana, ana)
    for change in ({"starts_at": timezone.now() - timedelta(minutes=1)}, {"status": "cancelled"}):
        before = {name: getattr(mine.session, name) for name in change}
        ClassSession.objects.filter(pk=mine.session_id).update(**change)
        assert write("CANCEL") == NO_BOOKING
        ClassSession.objects.filter(pk=mine.session_id).update(**before)
    assert write("CONFIRM") == NO_QUESTION


def test_the_question_of_another_member_is_not_confirmed(as_ana: Caller, ana: Member, ben: Member) -> None:
    booking = paid_with_credits(as_ana, ana)
    write("CANCEL")
    assert write("CONFIRM", phone="+447700900124") == NO_QUESTION
    # Ben gets her number, and she another one: what she was asked on it is not his to confirm.
    Member.objects.filter(pk=ana.pk).update(phone="+447700900125")
    Member.objects.filter(pk=ben.pk).update(phone="+447700900123")
    assert write("CONFIRM") == NO_QUESTION
    assert write("CONFIRM", phone="+447700900125") == NO_QUESTION
    booking.refresh_from_db()
    assert booking.status == "paid"


def test_a_replayed_confirmation_returns_once(as_ana: Caller, sandbox: Sandbox) -> None:
    booking = paid_by_card(as_ana, sandbox)
    write("CANCEL")
    first = write("CONFIRM", sid=SID)
    assert write("CONFIRM", sid=SID) == first
    Reply.objects.filter(sid=SID).update(answer="", answered_at=None)
    with freeze_time(timezone.now() + timedelta(hours=1)):
        assert write("CONFIRM", sid=SID) == first
    assert write("CONFIRM") == first
    booking.refresh_from_db()
    assert (booking.status, Refund.objects.count(), seats_match()) == ("cancelled", 1, True)


def test_a_replay_confirms_the_question_it_was_written_to(as_ana: Caller, ana: Member) -> None:
    first, second = (paid_with_credits(as_ana, ana, title=title) for title in ("Yoga", "Spin"))
    write(f"CANCEL {first.reference}")
    write("CONFIRM", sid=SID)
    write(f"CANCEL {second.reference}")
    Reply.objects.filter(sid=SID).update(answer="", answered_at=None)
    assert "Yoga" in write("CONFIRM", sid=SID)
    second.refresh_from_db()
    assert second.status == "paid"


def test_who_confirms_twice_at_once_is_told_twice_that_it_is_done(as_ana: Caller, ana: Member) -> None:
    booking = paid_with_credits(as_ana, ana)
    write("CANCEL")
    # The first transaction stores the message, the second cancels.
    with meanwhile(lambda: None, lambda: write("CONFIRM")):
        answer = write("CONFIRM")
    assert answer.endswith("1 credit is yours again.")
    booking.refresh_from_db()
    assert (booking.status, balance(as_ana), seats_match()) == ("cancelled", 1, True)
