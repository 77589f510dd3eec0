"""The rows that each moment of a booking leaves: who, why and when, whole."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, CreditSpend, Payment, Refund
from tests.cast import Caller, Sandbox, age, give_credits, intent_of, session, tell

SUCCEEDED, CANCELED = "payment_intent.succeeded", "payment_intent.canceled"


def last(reference: str) -> BookingTransition:
    found = BookingTransition.objects.filter(booking__reference=reference).order_by("id").last()
    assert found is not None
    return found


def said(transition: BookingTransition) -> tuple[str, str, str, str]:
    return transition.from_status, transition.to_status, transition.reason, transition.by


def told(kind: str) -> datetime:
    """When the one message of this kind is due, which is when it was written."""
    message = Message.objects.get(kind=kind)
    assert message.due_at == message.created_at
    return message.due_at


def test_a_booking_with_credits_is_written_at_one_moment(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 2)
    one = session(credits_required=2)
    reference = as_ana.book(one, key="k").json()["reference"]
    booking, spend = Booking.objects.get(), CreditSpend.objects.get()
    assert (booking.member, booking.session, booking.pay_with, booking.idempotency_key) == (ana, one, "auto", "k")
    assert (booking.status, booking.paid_with, booking.credits_spent, booking.amount) == ("paid", "credits", 2, 0)
    assert (booking.currency, booking.expires_at, booking.credit_spend) == ("gbp", None, spend)
    assert (spend.subject, spend.member, spend.credits) == (f"booking:{reference}", ana, 2)
    entry = CreditEntry.objects.get(kind="spent")
    assert (entry.spend, entry.credits, entry.lot) == (spend, -2, CreditLot.objects.get())
    assert said(last(reference)) == ("", "paid", "credits", "member")
    moments = {booking.paid_at, spend.created_at, entry.created_at, last(reference).at, told("booking_paid")}
    assert moments == {booking.created_at}


def test_a_free_booking_is_written_at_one_moment(as_ana: Caller) -> None:
    reference = as_ana.book(session(amount=0)).json()["reference"]
    booking = Booking.objects.get()
    assert said(last(reference)) == ("", "paid", "free", "member")
    assert {booking.paid_at, last(reference).at, told("booking_paid")} == {booking.created_at}


def test_a_hold_and_its_payment_are_written_at_one_moment(
    as_ana: Caller, ana: Member, sandbox: Sandbox, settings: Any
) -> None:
    settings.STRIPE_PAYMENT_DESCRIPTION_PREFIX = "Holdfast:"
    reference = as_ana.book(session(), "card").json()["reference"]
    booking, payment = Booking.objects.get(), Payment.objects.get()
    assert (payment.subject, payment.member, payment.amount) == (f"booking:{reference}", ana, 1500)
    assert payment.description == f"Holdfast: Yoga ({reference})" == sandbox.intents()[0]["description"]
    assert said(last(reference)) == ("", "pending", "hold", "member")
    assert {payment.created_at, last(reference).at} == {booking.created_at}
    assert (booking.paid_at, payment.ended_at) == (None, None)


def test_what_is_opened_at_stripe_carries_the_name_of_the_site(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.SITE = "studio.example.com"
    as_ana.book(session())
    assert Payment.objects.get().site == sandbox.intents()[0]["metadata"]["site"] == "studio.example.com"


def test_a_description_fits_its_column(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_PAYMENT_DESCRIPTION_PREFIX = "x" * 299
    as_ana.book(session())
    assert len(Payment.objects.get().description) == 300


def test_holds_that_are_over_count_no_more(as_ana: Caller, as_ben: Caller, sandbox: Sandbox, settings: Any) -> None:
    """Neither do another member's, nor what was paid with a card."""
    settings.MAX_HOLDS_PER_MEMBER = 1
    as_ben.book(session())
    given_up = as_ana.book(session()).json()["reference"]
    as_ana.post(f"/api/booking/bookings/{given_up}/cancel/")
    paid = as_ana.book(session())
    sandbox.pays(intent_of(paid))
    tell(sandbox.events(SUCCEEDED)[0])
    assert as_ana.book(session()).status_code == 201


def test_a_seat_kept_without_a_payment_is_no_hold_that_counts(
    as_ana: Caller, ana: Member, sandbox: Sandbox, settings: Any
) -> None:
    settings.MAX_HOLDS_PER_MEMBER = 1
    now = timezone.now()
    Booking.objects.create(
        member=ana, session=session(), status="pending", created_at=now, expires_at=now + timedelta(hours=1)
    )
    assert as_ana.book(session()).status_code == 201


def test_a_payment_is_written_with_its_event(as_ana: Caller, sandbox: Sandbox) -> None:
    held = as_ana.book(session())
    sandbox.pays(intent_of(held))
    event = sandbox.events(SUCCEEDED)[0] | {"created": 1_760_000_000}
    tell(event)
    payment, booking, row = Payment.objects.get(), Booking.objects.get(), Payment.objects.get().events.get()
    assert (row.event_id, row.type, row.api_version) == (event["id"], SUCCEEDED, event["api_version"])
    assert row.created_at.timestamp() == 1_760_000_000
    assert payment.ended_at == row.created_at
    assert (booking.status, booking.paid_with) == ("paid", "card")
    assert said(last(booking.reference)) == ("pending", "paid", "payment_succeeded", f"stripe:{event['id']}")
    assert {booking.paid_at, last(booking.reference).at, told("booking_paid")} == {row.received_at}


def test_an_event_without_a_moment_happened_when_it_came(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(as_ana.book(session())))
    tell(sandbox.events(SUCCEEDED)[0] | {"created": 0})
    payment = Payment.objects.get()
    assert payment.ended_at == payment.events.get().created_at == payment.events.get().received_at


@pytest.mark.parametrize("how", ["command", "asked again", "next in line", "canceled", "given up", "by staff"])
def test_the_end_of_a_hold_says_who_and_why(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, carla: Member, sandbox: Sandbox, how: str
) -> None:
    from django.core.management import call_command

    one = session(capacity=1)
    held = as_ana.book(one)
    reference = held.json()["reference"]
    by, reason, kind = "member", "expired", "hold_expired"
    if how in ("command", "asked again", "next in line"):
        age(reference, 31)
    if how == "command":
        call_command("expire_pending_bookings")
        by = "expire_pending_bookings"
    elif how == "asked again":
        assert as_ana.book(one).status_code == 201
    elif how == "next in line":
        assert as_ben.book(one).status_code == 201
        by = "next_in_line"
    elif how == "canceled":
        sandbox.cancel(intent_of(held))
        [event] = sandbox.events(CANCELED)
        tell(event)
        by, reason, kind = f"stripe:{event['id']}", "payment_canceled", ""
    else:
        caller = as_ana if how == "given up" else as_carla
        caller.post(f"/api/booking/bookings/{reference}/cancel/")
        reason, kind = ("member", "") if how == "given up" else ("staff", "")
        by = "member" if how == "given up" else f"staff:{carla.pk}"
    booking = Booking.objects.get(reference=reference)
    assert said(last(reference)) == ("pending", "freed", reason, by)
    assert (booking.ended_reason, booking.ended_at) == (reason, last(reference).at)
    assert Payment.objects.get(pk=booking.payment_id).status == "void"
    if kind:
        assert told(kind) == booking.ended_at


def late(as_ana: Caller, sandbox: Sandbox) -> tuple[str, str]:
    """A hold that was given up and paid all the same; its reference and the event that says so."""
    held = as_ana.book(session(capacity=1))
    sandbox.pays(intent_of(held))
    Booking.objects.update(status="freed", ended_reason="expired", ended_at=timezone.now())
    ClassSession.objects.update(seats_taken=0)
    [event] = sandbox.events(SUCCEEDED)
    return held.json()["reference"], event


def test_a_seat_taken_again_says_who_and_why(as_ana: Caller, sandbox: Sandbox) -> None:
    reference, event = late(as_ana, sandbox)
    tell(event)
    booking = Booking.objects.get()
    assert said(last(reference)) == ("freed", "paid", "late_payment", f"stripe:{event['id']}")
    assert {booking.paid_at, told("booking_paid")} == {last(reference).at}


def test_what_cannot_be_seated_is_owed_from_that_moment(as_ana: Caller, sandbox: Sandbox, settings: Any) -> None:
    settings.LATE_PAYMENT_POLICY = "refund"
    _, event = late(as_ana, sandbox)
    tell(event)
    refund, payment = Refund.objects.get(), Payment.objects.get()
    assert refund.key == f"holdfast:{payment.reference}:refund:late_payment"
    assert (refund.due_at, refund.created_at, refund.attempt) == (
        refund.created_at,
        payment.events.get().received_at,
        1,
    )


@pytest.mark.parametrize("why", ["begun", "cancelled"])
def test_a_hold_that_is_paid_too_late_for_its_session_says_why_it_ended(
    as_ana: Caller, sandbox: Sandbox, why: str
) -> None:
    held = as_ana.book(session())
    change = {"status": "cancelled"} if why == "cancelled" else {"starts_at": timezone.now() - timedelta(minutes=5)}
    ClassSession.objects.update(**change)
    sandbox.pays(intent_of(held))
    tell(sandbox.events(SUCCEEDED)[0])
    booking = Booking.objects.get()
    assert booking.ended_reason == ("session_cancelled" if why == "cancelled" else "expired")
    assert booking.ended_at == Payment.objects.get().events.get().received_at


def test_an_end_that_is_told_once_more_frees_no_second_seat(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    one = session(capacity=2)
    held = as_ana.book(one)
    as_ben.book(one)
    sandbox.cancel(intent_of(held))
    [event] = sandbox.events(CANCELED)
    for number in range(3):
        tell({**event, "id": f"evt_again_{number}"})
    one.refresh_from_db()
    assert one.seats_taken == 1


@pytest.mark.parametrize("end", ["paid", "freed"])
def test_a_booking_that_has_ended_is_repeated_without_asking_stripe(
    as_ana: Caller, sandbox: Sandbox, settings: Any, end: str
) -> None:
    one = session()
    held = as_ana.book(one, key="k")
    if end == "paid":
        sandbox.pays(intent_of(held))
        tell(sandbox.events(SUCCEEDED)[0])
    else:
        as_ana.post(f"/api/booking/bookings/{held.json()['reference']}/cancel/")
    settings.STRIPE_API_BASE = "http://127.0.0.1:1"
    again = as_ana.book(one, key="k")
    assert (again.status_code, again.json()["status"]) == (200, end)
