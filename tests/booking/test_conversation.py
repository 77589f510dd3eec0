"""On WhatsApp a member takes the seat that the waitlist offers, and gives a booking back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.conversation import HELP, NO_OFFER
from booking.models import Booking, ClassSession
from members.models import Member
from notifications.models import Message, Reply
from payments.models import CreditSpend
from tests.cast import Caller, Sandbox, give_credits, seats_match, session
from tests.notifications.phone import write

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
