"""Two desks, a member's own phone, a cancellation: each acts between what a sale has read and what it writes."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from payments.models import CreditLot
from tests.booking.door import Door, refused
from tests.cast import Caller, Sandbox, give_credits, seats_match, session
from tests.rival import meanwhile

SEAT = 'UPDATE "booking_classsession" SET "seats_taken"'
EXTRA_SEAT = 'UPDATE "booking_classsession" SET "capacity"'


@pytest.fixture
def yoga() -> ClassSession:
    return session(capacity=1, starts_at=timezone.now() + timedelta(minutes=20))


@pytest.fixture
def other(door: Door) -> Door:
    """A second desk."""
    return Door(Member.objects.create_user("rui@example.com", name="Rui"), "run_desk")


def taken(one: ClassSession) -> tuple[int, int, int]:
    one.refresh_from_db()
    return one.seats_taken, one.capacity, one.extra_seats


def test_the_last_seat_is_sold_at_one_of_two_desks(
    door: Door, other: Door, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    with meanwhile(lambda: other.sold(yoga, ben)):
        answer = door.sells(yoga, ana)
    assert refused(answer).startswith("No seat is left")
    assert (Booking.objects.get().member, taken(yoga), StaffAct.objects.count()) == (ben, (1, 1, 0), 1)


def test_the_last_extra_seat_is_added_at_one_of_two_desks(
    door: Door, other: Door, ana: Member, ben: Member, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    door.sold(yoga, Member.objects.create_user("early@example.com"))
    form = {"here": "on", "reason": "came far"}
    nothing = lambda: None  # noqa: E731 - the first transaction is the one that finds the session full
    with meanwhile(nothing, lambda: other.sold(yoga, ben, **form)):
        answer = door.sells(yoga, ana, **form)
    assert refused(answer).startswith("No seat is left")
    assert (taken(yoga), StaffAct.objects.filter(act="extra_seat").count()) == ((2, 2, 1), 1)


def test_two_extra_seats_are_logged_as_the_first_and_the_second(
    door: Door, other: Door, ana: Member, ben: Member, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 2
    door.sold(yoga, Member.objects.create_user("early@example.com"))
    form = {"here": "on", "reason": "came far"}
    nothing = lambda: None  # noqa: E731
    with meanwhile(nothing, lambda: other.sold(yoga, ben, **form)):
        door.sold(yoga, ana, **form)
    lines = StaffAct.objects.filter(act="extra_seat").order_by("id")
    assert [line.after["extra_seats"] for line in lines] == [1, 2]
    assert taken(yoga) == (3, 3, 2)


def test_a_seat_that_becomes_free_meanwhile_is_taken_instead_of_an_extra_one(
    door: Door, ana: Member, ben: Member, as_ben: Caller, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    reference = door.sold(yoga, ben).reference
    nothing = lambda: None  # noqa: E731
    with meanwhile(nothing, lambda: as_ben.post(f"/api/booking/bookings/{reference}/cancel/")):
        door.sold(yoga, ana, here="on", reason="came far")
    assert (taken(yoga), StaffAct.objects.filter(act="extra_seat").count()) == ((1, 1, 0), 0)


def test_no_extra_seat_is_added_beside_one_that_became_free_that_moment(
    door: Door, ana: Member, ben: Member, as_ben: Caller, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    reference = door.sold(yoga, ben).reference
    gone = []
    with meanwhile(lambda: gone.append(as_ben.post(f"/api/booking/bookings/{reference}/cancel/")), before=EXTRA_SEAT):
        door.sold(yoga, ana, here="on", reason="came far")
    assert [answer.status_code for answer in gone] == [200]
    # SQLite undoes the cancellation with the sale that it spoils, and the next round finds the session full.
    assert taken(yoga) == ((2, 2, 1) if Booking.objects.filter(member=ben, status="paid").exists() else (1, 1, 0))
    assert seats_match()


def test_a_seat_is_given_back_while_an_extra_one_is_added(
    door: Door, ana: Member, ben: Member, as_ben: Caller, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 1
    reference = door.sold(yoga, ben).reference
    with meanwhile(lambda: door.sold(yoga, ana, here="on", reason="came far"), before=SEAT):
        assert as_ben.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200
    assert (taken(yoga), seats_match()) == ((1, 1, 0), True)


@pytest.mark.parametrize("pay_with", ["desk", "credits"])
def test_a_twin_of_the_form_that_was_quicker_has_sold_it(
    door: Door, ana: Member, yoga: ClassSession, pay_with: str
) -> None:
    give_credits(ana, 2)
    key = str(uuid.uuid4())
    with meanwhile(lambda: door.sells(yoga, ana, pay_with, key=key)):
        answer = door.sells(yoga, ana, pay_with, key=key)
    assert door.told(answer)[-1].startswith("This was done already.")
    assert (Booking.objects.count(), StaffAct.objects.count(), seats_match()) == (1, 1, True)
    assert CreditLot.objects.get().remaining == (1 if pay_with == "credits" else 2)


def test_the_member_books_by_themselves_while_the_desk_does(
    door: Door, ana: Member, as_ana: Caller, yoga: ClassSession
) -> None:
    give_credits(ana, 2)
    with meanwhile(lambda: as_ana.book(yoga, "credits")):
        answer = door.sells(yoga, ana)
    assert refused(answer) == "They have a booking of this session already."
    assert (Booking.objects.get().paid_with, taken(yoga)) == ("credits", (1, 1, 0))


def test_credits_that_were_spent_meanwhile_are_not_spent_again(
    door: Door, ana: Member, as_ana: Caller, yoga: ClassSession
) -> None:
    give_credits(ana, 1)
    elsewhere = session()
    with meanwhile(lambda: as_ana.book(elsewhere, "credits")):
        answer = door.sells(yoga, ana, "credits")
    assert refused(answer) == "They do not have enough credits for this session."
    assert (taken(yoga), CreditLot.objects.get().remaining) == ((0, 1, 0), 0)


def test_an_offer_that_is_taken_on_the_phone_is_not_sold_at_the_desk(
    door: Door, ana: Member, ben: Member, as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    give_credits(ben, 1)
    one = session(capacity=1)
    first = as_ana.book(one, "card").json()["reference"]
    as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    as_ana.post(f"/api/booking/bookings/{first}/cancel/")
    with meanwhile(lambda: as_ben.book(one, "credits")):
        answer = door.sells(one, ben)
    assert refused(answer) == "They have a booking of this session already."
    assert (Booking.objects.get(member=ben).paid_with, taken(one)) == ("credits", (1, 1, 0))


def test_the_session_is_cancelled_while_the_desk_sells(door: Door, ana: Member, yoga: ClassSession) -> None:
    off = ClassSession.objects.filter(pk=yoga.pk)
    with meanwhile(lambda: off.update(status="cancelled")):
        answer = door.sells(yoga, ana)
    assert refused(answer) == "This session has started or was cancelled."
    assert (Booking.objects.count(), StaffAct.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "moved",
    [{"status": "cancelled"}, {"starts_at": timedelta(hours=-2), "ends_at": timedelta(seconds=-1)}],
    ids=["cancelled", "moved"],
)
def test_the_session_is_cancelled_or_moved_into_the_past_while_somebody_stands_at_the_door(
    door: Door, ana: Member, yoga: ClassSession, moved: dict[str, Any]
) -> None:
    """In the moment in which the seat is taken: it was looked at before."""
    one, now = ClassSession.objects.filter(pk=yoga.pk), timezone.now()
    fields = {name: now + value if isinstance(value, timedelta) else value for name, value in moved.items()}
    with meanwhile(lambda: one.update(**fields)):
        answer = door.sells(yoga, ana, here="on")
    assert refused(answer) == "This session has started or was cancelled."
    assert (Booking.objects.count(), taken(yoga)[0]) == (0, 0)


def test_at_the_door_a_seat_of_that_session_is_taken_and_of_no_other(
    door: Door, ana: Member, yoga: ClassSession
) -> None:
    other = session(capacity=5)
    door.sold(yoga, ana, here="on")
    assert (taken(yoga)[0], taken(other)[0]) == (1, 0)


def test_cash_is_handed_back_at_one_of_two_desks(door: Door, other: Door, ana: Member, as_ana: Caller) -> None:
    booking = door.sold(session(), ana)
    as_ana.post(f"/api/booking/bookings/{booking.reference}/cancel/")
    sent = {"booking": booking.reference}
    with meanwhile(lambda: other.http.post("/admin/desk/", sent)):
        answer = door.http.post("/admin/desk/", sent)
    assert "handed back already" in door.told(answer)[-1]
    assert StaffAct.objects.filter(act="hand_back_cash").count() == 1


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread and on a connection of its own."""

    def alone(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(alone, acts))


def test_eight_desks_sell_one_seat_and_two_extra_ones(door: Door, yoga: ClassSession, settings: Any) -> None:
    settings.WALK_IN_EXTRA_SEATS = 2
    people = [Member.objects.create_user(f"walks{number}@example.com") for number in range(8)]
    form = {"here": "on", "reason": "came far"}
    answers = at_once(*(lambda one=one: door.sells(yoga, one, **form) for one in people))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [302] * 3
    assert (taken(yoga), seats_match()) == ((3, 3, 2), True)
    lines = StaffAct.objects.filter(act="extra_seat").order_by("id")
    assert sorted(line.after["extra_seats"] for line in lines) == [1, 2]


def test_extra_seats_come_and_go_at_once(
    door: Door, ana: Member, ben: Member, as_ana: Caller, yoga: ClassSession, settings: Any
) -> None:
    settings.WALK_IN_EXTRA_SEATS = 3
    reference = door.sold(yoga, ana).reference
    people = [Member.objects.create_user(f"walks{number}@example.com") for number in range(4)]
    form = {"here": "on", "reason": "came far"}
    sales = [lambda one=one: door.sells(yoga, one, **form) for one in people]
    *answers, gone = at_once(*sales, lambda: as_ana.post(f"/api/booking/bookings/{reference}/cancel/"))
    assert (gone.status_code, seats_match()) == (200, True)
    sold = sum(answer.status_code == 302 for answer in answers)
    assert taken(yoga) == (sold, max(sold, 1), max(sold - 1, 0))
