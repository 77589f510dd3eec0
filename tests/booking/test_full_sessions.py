"""A full session asked for a seat: the stale holds that stand in the way are ended, a few at a time."""

from typing import Any

import pytest

from booking.models import Booking, ClassSession
from members.models import Member
from payments.models import Payment
from tests.cast import Caller, Sandbox, age, code, intent_of, seats_match, session


def stale(one: ClassSession, number: int) -> list[str]:
    """Stale holds of as many members, the oldest first."""
    references = []
    for index in range(number):
        member = Member.objects.create_user(f"m{index}@example.com", "some-long-password", name=f"M{index}")
        references.append(Caller(member).book(one).json()["reference"])
        age(references[-1], 60 - index)
    return references


def statuses(references: list[str]) -> list[str]:
    return [Booking.objects.get(reference=reference).status for reference in references]


def cancels(sandbox: Sandbox) -> int:
    journal = sandbox.control("GET", "requests")["requests"]
    return sum(row["path"].endswith("/cancel") for row in journal)


def test_only_the_oldest_hold_of_that_session_is_ended(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    elsewhere = as_ben.book(session(title="Spin", capacity=1)).json()["reference"]
    age(elsewhere, 90)
    one = session(capacity=3)
    references = stale(one, 3)
    assert as_ana.book(one).status_code == 201
    assert statuses([elsewhere, *references]) == ["pending", "freed", "pending", "pending"]
    assert seats_match()


def test_a_seat_that_somebody_waited_for_is_not_the_askers(
    as_ana: Caller, as_ben: Caller, ben: Member, sandbox: Sandbox
) -> None:
    session(title="Spin")
    one = session(capacity=2)
    references = stale(one, 2)
    assert as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert as_ana.book(one).status_code == 201
    assert statuses(references) == ["freed", "freed"]
    assert Booking.objects.get(member=ben).is_offer
    assert seats_match()


def test_seats_that_go_to_the_line_count_among_the_three(as_ana: Caller, sandbox: Sandbox) -> None:
    session(title="Spin")
    one = session(capacity=4)
    references = stale(one, 4)
    for index in range(4):
        member = Member.objects.create_user(f"w{index}@example.com", "some-long-password", name=f"W{index}")
        assert Caller(member).post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert code(as_ana.book(one)) == "session_full"
    assert statuses(references) == ["freed", "freed", "freed", "pending"]
    assert seats_match()


def test_a_hold_that_turns_out_paid_is_passed_over(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=2)
    references = stale(one, 2)
    sandbox.pays(Booking.objects.get(reference=references[0]).payment.stripe_intent_id)
    assert as_ana.book(one).status_code == 201
    assert statuses(references) == ["paid", "freed"]


def test_no_more_than_three_are_tried(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=4)
    references = stale(one, 4)
    for booking in Booking.objects.exclude(reference=references[3]):
        sandbox.pays(booking.payment.stripe_intent_id)
    assert code(as_ana.book(one)) == "session_full"
    assert statuses(references) == ["paid", "paid", "paid", "pending"]
    assert as_ana.book(one).status_code == 201


def test_none_is_tried_after_stripe_was_silent_once(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=2)
    references = stale(one, 2)
    sandbox.fault("status_before", "/cancel$", status=429, times=1)
    assert code(as_ana.book(one)) == "session_full"
    assert (statuses(references), cancels(sandbox)) == (["pending", "pending"], 1)


def test_a_session_without_seats_is_full_at_once(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=1)
    as_ben.book(one)
    asked = len(sandbox.control("GET", "requests")["requests"])
    assert code(as_ana.book(one)) == "session_full"
    assert len(sandbox.control("GET", "requests")["requests"]) == asked
    assert Payment.objects.count() == 1


def test_a_full_session_is_full_also_for_who_could_not_have_paid(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    one = session(capacity=1)
    as_ben.book(one)
    assert code(as_ana.book(one, "credits")) == "session_full"


def test_what_the_log_says_of_a_hold_that_cannot_be_ended(as_ana: Caller, sandbox: Sandbox, caplog: Any) -> None:
    from django.core.management import call_command

    reference = as_ana.book(session()).json()["reference"]
    age(reference, 31)
    ClassSession.objects.update(seats_taken=0)
    with pytest.raises(SystemExit):
        call_command("expire_pending_bookings")
    assert f"The hold {reference} could not be ended" in caplog.messages
    assert f"session {ClassSession.objects.get().pk} has no taken seat to give back" in caplog.text


def test_what_the_log_says_of_money_in_review(as_ana: Caller, sandbox: Sandbox, caplog: Any) -> None:
    from django.core.management import call_command

    reference = as_ana.book(session()).json()["reference"]
    age(reference, 31)
    Payment.objects.update(status="review", amount_received=700, review_reason="amount: 700 instead of 1500")
    with pytest.raises(SystemExit):
        call_command("expire_pending_bookings")
    assert (
        f"The hold {reference} has money in review (amount: 700 instead of 1500): look at its payment in the admin and "
        "at Stripe"
    ) in caplog.messages


def test_a_hold_ends_with_the_minute_it_runs_out_in(as_ana: Caller, sandbox: Sandbox) -> None:
    """The member asks again at exactly that moment."""
    from booking import checkout

    held = as_ana.book(session())
    booking = Booking.objects.get()
    assert booking.expires_at is not None
    again = checkout.book(
        member=booking.member, session_id=booking.session_id, pay_with="auto", key=None, now=booking.expires_at
    )
    assert (again.created, again.booking.reference == held.json()["reference"]) == (True, False)
    assert sandbox.intent(intent_of(held))["status"] == "canceled"


def test_the_hold_that_ran_out_first_ends_first_whoever_booked_first(as_ana: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=2)
    references = stale(one, 2)
    age(references[1], 10)
    assert as_ana.book(one).status_code == 201
    assert statuses(references) == ["pending", "freed"]


def test_a_hold_that_waits_for_no_payment_is_no_card_hold(ana: Member, capsys: Any) -> None:
    from datetime import timedelta

    from django.core.management import call_command
    from django.utils import timezone

    now = timezone.now()
    made = now - timedelta(hours=1)
    Booking.objects.create(
        member=ana, session=session(), status="pending", created_at=made, expires_at=now + timedelta(hours=1)
    )
    call_command("expire_pending_bookings", "--minutes", "30")
    assert "0 stale" in capsys.readouterr().out
