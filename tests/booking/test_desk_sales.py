"""The front desk sells: with credits, for cash, once; never past the line; above capacity only where it may."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from freezegun import freeze_time

from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member, StaffAct
from notifications.models import Message
from payments.models import CreditLot, Payment
from tests.booking.door import Door, log, refused
from tests.cast import Caller, Sandbox, give_credits, intent_of, seats_match, session

FULL = "No seat is left in this session"


@pytest.fixture
def yoga() -> ClassSession:
    """One seat, in twenty minutes: offers have closed, and the door is open."""
    return session(capacity=1, starts_at=timezone.now() + timedelta(minutes=20))


def taken(one: ClassSession) -> tuple[int, int, int]:
    one.refresh_from_db()
    return one.seats_taken, one.capacity, one.extra_seats


def test_cash_books_a_seat_and_nothing_of_it_goes_to_stripe(
    door: Door, ana: Member, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    booking = door.sold(yoga, ana)
    mine = as_ana.booking(booking.reference)
    assert (mine["status"], mine["paid_with"], mine["amount"], mine["currency"]) == ("paid", "desk", 1500, "gbp")
    assert as_ana.history(booking.reference) == [(None, "paid", "desk")]
    assert (Payment.objects.count(), sandbox.intents(), taken(yoga)) == (0, [], (1, 1, 0))
    assert Message.objects.get().kind == "booking_paid"
    line = StaffAct.objects.get()
    assert (line.act, line.subject, line.actor.name) == ("book_for_member", booking.subject, "Carla")
    assert (line.after["amount"], line.after["currency"], line.after["member"]) == (1500, "gbp", ana.pk)


def test_who_stands_at_the_door_is_checked_in_at_once(door: Door, ana: Member, yoga: ClassSession) -> None:
    booking = door.sold(yoga, ana, here="on")
    assert booking.checked_in_at is not None
    assert log() == [("walk_in", booking.subject)]


def test_credits_of_the_member_pay_as_they_would_by_themselves(door: Door, ana: Member, yoga: ClassSession) -> None:
    give_credits(ana, 3)
    booking = door.sold(yoga, ana, "credits")
    assert (booking.paid_with, booking.credits_spent, booking.amount) == ("credits", 1, 0)
    assert CreditLot.objects.get().remaining == 2


def test_without_credits_nothing_is_booked_and_nothing_is_spent(door: Door, ana: Member, yoga: ClassSession) -> None:
    assert refused(door.sells(yoga, ana, "credits")) == "They do not have enough credits for this session."
    costly = session(credits_required=0)
    give_credits(ana, 3)
    assert refused(door.sells(costly, ana, "credits")) == "They do not have enough credits for this session."
    assert (Booking.objects.count(), CreditLot.objects.get().remaining, log()) == (0, 3, [])


def test_what_is_free_costs_nothing_however_it_is_asked_for(door: Door, ana: Member) -> None:
    give_credits(ana, 1)
    booking = door.sold(session(amount=0), ana, "desk")
    assert (booking.paid_with, booking.amount, CreditLot.objects.get().remaining) == ("free", 0, 1)


@pytest.mark.parametrize("pay_with", ["desk", "credits"])
def test_a_button_that_is_pressed_twice_sells_once(door: Door, ana: Member, yoga: ClassSession, pay_with: str) -> None:
    give_credits(ana, 2)
    key = str(uuid.uuid4())
    first, again = (door.sells(yoga, ana, pay_with, key=key) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert door.told(again)[-1].startswith("This was done already.")
    assert (Booking.objects.count(), len(log()), taken(yoga)) == (1, 1, (1, 1, 0))
    assert "different request" in refused(door.sells(session(), ana, pay_with, key=key))


def test_who_has_a_seat_is_not_sold_another(door: Door, ana: Member, yoga: ClassSession) -> None:
    door.sold(yoga, ana)
    assert refused(door.sells(yoga, ana)) == "They have a booking of this session already."
    assert (Booking.objects.count(), seats_match()) == (1, True)


def test_who_pays_by_card_this_minute_finishes_first_or_gives_the_hold_up(
    door: Door, ana: Member, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    held = as_ana.book(yoga, "card")
    assert "let them finish, or end the hold first" in refused(door.sells(yoga, ana))
    door.presses(yoga, "end_hold", held.json()["reference"])
    assert as_ana.booking(held.json()["reference"])["ended_reason"] == "staff"
    assert sandbox.intent(intent_of(held))["status"] == "canceled"
    assert door.sold(yoga, ana).paid_with == "desk"
    assert [act for act, _ in log()] == ["end_hold", "book_for_member"]


def test_a_hold_that_was_paid_when_it_is_ended_stays_paid(
    door: Door, as_ana: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    held = as_ana.book(yoga, "card")
    sandbox.pays(intent_of(held))
    answer = door.presses(yoga, "end_hold", held.json()["reference"])
    assert door.told(answer) == ["Ana: This booking cannot be cancelled any more."]
    assert as_ana.booking(held.json()["reference"])["status"] == "paid"


@pytest.mark.parametrize("pay_with", ["desk", "credits"])
def test_an_offer_of_the_waitlist_is_taken(
    door: Door, ana: Member, ben: Member, as_ben: Caller, as_ana: Caller, sandbox: Sandbox, pay_with: str
) -> None:
    give_credits(ben, 1)
    one = session(capacity=1)
    first = as_ana.book(one, "card").json()["reference"]
    assert as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    as_ana.post(f"/api/booking/bookings/{first}/cancel/")
    offer = Booking.objects.get(member=ben)
    booking = door.sold(one, ben, pay_with)
    assert (booking.pk, booking.status, booking.paid_with, taken(one)) == (offer.pk, "paid", pay_with, (1, 1, 0))
    assert StaffAct.objects.get().before == {"status": "pending"}
    assert WaitlistEntry.objects.get().state == "taken"


def test_an_offer_that_has_lapsed_goes_to_the_next_in_line(
    door: Door, ana: Member, ben: Member, as_ben: Caller, as_ana: Caller, as_carla: Caller, sandbox: Sandbox
) -> None:
    one = session(capacity=1)
    first = as_ana.book(one, "card").json()["reference"]
    for caller in (as_ben, as_carla):
        caller.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    as_ana.post(f"/api/booking/bookings/{first}/cancel/")
    Booking.objects.filter(member=ben).update(expires_at=timezone.now())
    assert refused(door.sells(one, ben)).startswith(FULL)
    assert Booking.objects.get(status="pending").member == door.member


def test_while_others_wait_the_next_seat_is_theirs(
    door: Door, ana: Member, ben: Member, as_ben: Caller, as_ana: Caller, settings: Any, sandbox: Sandbox
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    one = session(capacity=1)
    as_ana.book(one, "card")
    as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    late = Member.objects.create_user("late@example.com")
    line = "Others wait for this session: the next seat is offered to the first in line."
    assert refused(door.sells(one, late, here="on", reason="friend of Isla")) == line
    assert door.sold(one, ben, here="on", reason="first in line").status == "paid"
    assert (WaitlistEntry.objects.get().state, taken(one)) == ("left", (2, 2, 1))


def test_who_is_blocked_is_booked_nothing(door: Door, ana: Member, yoga: ClassSession) -> None:
    Member.objects.filter(pk=ana.pk).update(is_active=False)
    assert refused(door.sells(yoga, ana)) == "This member is blocked: nothing is booked for them."
    assert (Booking.objects.count(), log()) == (0, [])


def test_a_late_comer_has_a_seat_until_the_session_is_over(door: Door, ana: Member, ben: Member) -> None:
    one = session(starts_at=timezone.now() + timedelta(minutes=5))
    for minutes, status in ((10, 302), (70, 200)):
        with freeze_time(timezone.now() + timedelta(minutes=minutes), tick=True):
            who = ana if status == 302 else ben
            assert door.sells(one, who).status_code == 200
            assert door.sells(one, who, here="on").status_code == status
    assert (Booking.objects.get().member, taken(one)) == (ana, (1, 10, 0))


def test_a_cancelled_session_is_not_sold(door: Door, as_carla: Caller, ana: Member, yoga: ClassSession) -> None:
    as_carla.post(f"/api/booking/sessions/{yoga.pk}/cancel/")
    assert refused(door.sells(yoga, ana, here="on")) == "This session has started or was cancelled."


def test_a_stale_hold_gives_its_seat_up(
    door: Door, ana: Member, as_ben: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    as_ben.book(yoga, "card")
    Booking.objects.update(expires_at=timezone.now())
    assert door.sold(yoga, ana).paid_with == "desk"
    assert taken(yoga) == (1, 1, 0)


def test_above_capacity_nobody_is_seated_unless_the_studio_allows_it(
    door: Door, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    door.sold(yoga, ana)
    assert refused(door.sells(yoga, ben, here="on", reason="came far")).startswith(FULL)
    assert taken(yoga) == (1, 1, 0)


def test_an_extra_seat_has_a_reason_is_bounded_and_stands_in_the_log(
    door: Door, ana: Member, ben: Member, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    door.sold(yoga, ana)
    assert refused(door.sells(yoga, ben)).startswith(FULL)
    assert refused(door.sells(yoga, ben, here="on")).endswith("To add an extra seat, say why.")
    booking = door.sold(yoga, ben, here="on", reason="came far")
    assert taken(yoga) == (2, 2, 1)
    extra, sale = StaffAct.objects.filter(reason="came far").order_by("act")
    assert (extra.act, extra.subject) == ("extra_seat", f"session:{yoga.pk}")
    assert (extra.before, extra.after) == ({"capacity": 1, "extra_seats": 0}, {"capacity": 2, "extra_seats": 1})
    assert (sale.act, sale.subject) == ("walk_in", booking.subject)
    third = Member.objects.create_user("third@example.com")
    assert refused(door.sells(yoga, third, here="on", reason="too")).startswith(FULL)
    assert taken(yoga) == (2, 2, 1)


def test_no_seat_is_added_while_one_is_free(door: Door, ana: Member, yoga: ClassSession, settings: Any) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    door.sold(yoga, ana, here="on", reason="regular")
    assert taken(yoga) == (1, 1, 0)


def test_an_extra_seat_goes_with_the_next_that_is_given_back(
    door: Door, ana: Member, ben: Member, as_ana: Caller, as_ben: Caller, settings: Any
) -> None:
    """Also while somebody waits: the room was too full."""
    settings.WALK_IN_EXTRA_SEATS = 1
    one = session(capacity=1)
    booking = door.sold(one, ana)
    door.sold(one, Member.objects.create_user("far@example.com"), here="on", reason="came far")
    assert as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert as_ana.post(f"/api/booking/bookings/{booking.reference}/cancel/").status_code == 200
    assert (taken(one), WaitlistEntry.objects.get().state) == ((1, 1, 0), "waiting")


def test_a_capacity_that_staff_say_has_no_extra_seats(
    door: Door, ana: Member, ben: Member, as_ana: Caller, as_carla: Caller, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    door.sold(yoga, ana)
    door.sold(yoga, ben, here="on", reason="came far")
    door.member.is_superuser = True
    door.member.save()
    assert as_carla.patch(f"/api/booking/sessions/{yoga.pk}/", {"title": "Yin"}).status_code == 200
    assert taken(yoga) == (2, 2, 1)
    assert as_carla.patch(f"/api/booking/sessions/{yoga.pk}/", {"capacity": 5}).status_code == 200
    assert taken(yoga) == (2, 5, 0)


@pytest.mark.parametrize(
    "form",
    [{"key": "x"}, {"pay_with": "card"}, {"reason": "x" * 201, "here": "on"}],
    ids=["no key", "by card", "a novel"],
)
def test_what_the_page_never_sends_changes_nothing(
    door: Door, ana: Member, yoga: ClassSession, form: dict[str, str]
) -> None:
    assert door.sells(yoga, ana, **{"pay_with": "desk", **form}).status_code == 200
    assert (Booking.objects.count(), log()) == (0, [])
