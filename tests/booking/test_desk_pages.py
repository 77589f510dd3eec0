"""The pages of the front desk: the day, the roster, the list on paper, and who may see them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import Booking, ClassSession
from boundary import studio_clock
from members.models import Member, MemberNote
from tests.booking.door import DESK, Door, log
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, session


@pytest.fixture
def yoga() -> ClassSession:
    return session(starts_at=timezone.now() + timedelta(minutes=20), instructor="Isla")


@pytest.fixture
def begun(door: Door, ana: Member, ben: Member) -> ClassSession:
    """A class that began ten minutes ago; Ana and Ben have paid for it."""
    one = session(starts_at=timezone.now() + timedelta(minutes=1))
    for member in (ana, ben):
        door.sold(one, member)
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=10))
    one.refresh_from_db()
    return one


def of(member: Member) -> Booking:
    return Booking.objects.get(member=member)


def test_the_day_is_the_studios_and_tells_how_full_each_session_is(door: Door, ana: Member) -> None:
    """In Los Angeles it is still the evening of the day before."""
    late = datetime(2027, 7, 2, 5, 30, tzinfo=UTC)
    one = session(title="Night owls", starts_at=late, capacity=4)
    door.sold(one, ana, here="on")
    assert "Night owls" not in door.reads(of="2027-07-01")
    shown = door.reads(of="2027-07-02")
    assert "06:30 Night owls" in shown
    assert "1 of 4 seats taken" in shown
    assert "1 here" in shown
    assert door.reads(of="x") == door.reads() or "Front desk" in door.reads(of="x")


def test_the_roster_tells_who_comes_how_they_paid_and_what_the_door_should_know(
    door: Door, ana: Member, ben: Member, as_ana: Caller, as_ben: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    before = session(title="Before")
    give_credits(ana, 1)
    as_ana.book(before)
    ClassSession.objects.filter(pk=before.pk).update(
        starts_at=timezone.now() - timedelta(days=3), ends_at=timezone.now() - timedelta(days=3, hours=-1)
    )
    paid_by_card(as_ana, yoga, sandbox)
    as_ben.book(yoga, "card")
    for day, text in enumerate(("Bad knee <b>left</b>", "Likes the window", "Has a dog", "Lent a mat")):
        MemberNote.objects.create(member=ben, text=text, by=door.member, at=timezone.now() - timedelta(days=day))
    shown = door.reads(f"{yoga.pk}/")
    row_of_ana, row_of_ben = shown.split('<li id="')[1:]
    assert "Card, 15.00 GBP" in row_of_ana
    assert "first visit" not in row_of_ana
    assert "not paid: by card until" in row_of_ben
    assert "first visit" in row_of_ben
    assert "Bad knee &lt;b&gt;left&lt;/b&gt;" in row_of_ben
    assert ("Has a dog" in row_of_ben, "Lent a mat" in row_of_ben) == (True, False)
    assert ("End the hold" in row_of_ben, ">Check in<" in row_of_ben, ">Check in<" in row_of_ana) == (True, False, True)


@pytest.mark.parametrize("seen", [{"status": "paid", "no_show_at": 1}, {"status": "cancelled"}], ids=["missed", "gone"])
def test_a_visit_that_was_none_leaves_the_next_one_the_first(
    ana: Member, carla: Member, yoga: ClassSession, seen: dict[str, Any]
) -> None:
    door = Door(carla, "run_desk")
    earlier = door.sold(session(), ana)
    ClassSession.objects.filter(pk=earlier.session_id).update(starts_at=timezone.now() - timedelta(days=3))
    door.sold(yoga, ana)
    assert "first visit" not in door.reads(f"{yoga.pk}/")
    now = timezone.now()
    Booking.objects.filter(pk=earlier.pk).update(**{name: now if value == 1 else value for name, value in seen.items()})
    assert "first visit" in door.reads(f"{yoga.pk}/")


def test_who_has_come_is_checked_in_and_a_slip_is_undone(door: Door, ana: Member, yoga: ClassSession) -> None:
    booking = door.sold(yoga, ana)
    for _ in range(2):
        answer = door.presses(yoga, "check_in", booking.reference)
        assert answer["Location"] == f"{DESK}{yoga.pk}/#{booking.reference}"
    assert "here since" in door.reads(f"{yoga.pk}/")
    for _ in range(2):
        door.presses(yoga, "undo_check_in", booking.reference)
    assert of(ana).checked_in_at is None
    assert [act for act, _ in log()] == ["book_for_member", "check_in", "undo_check_in"]


def test_the_api_checks_in_and_undoes_with_the_same_log(
    door: Door, ana: Member, as_carla: Caller, yoga: ClassSession
) -> None:
    reference = door.sold(yoga, ana).reference
    for _ in range(2):
        assert as_carla.post(f"/api/booking/bookings/{reference}/check-in/").status_code == 200
    assert as_carla.send("DELETE", f"/api/booking/bookings/{reference}/check-in/").json()["checked_in_at"] is None
    assert [act for act, _ in log()] == ["book_for_member", "check_in", "undo_check_in"]


def test_who_did_not_come_is_missed_until_they_do(door: Door, ana: Member, begun: ClassSession) -> None:
    reference = of(ana).reference
    for _ in range(2):
        door.presses(begun, "no_show", reference)
    assert (of(ana).no_show_at is not None, of(ana).status, of(ana).amount) == (True, "paid", 1500)
    assert ">no-show<" in door.reads(f"{begun.pk}/")
    door.presses(begun, "undo_no_show", reference)
    assert of(ana).no_show_at is None
    door.presses(begun, "no_show", reference)
    door.presses(begun, "check_in", reference)
    assert (of(ana).no_show_at, of(ana).checked_in_at is not None) == (None, True)
    assert [act for act, _ in log()][2:] == ["no_show", "undo_no_show", "no_show", "check_in"]


def test_who_is_here_is_not_missed(door: Door, ana: Member, begun: ClassSession) -> None:
    door.presses(begun, "check_in", of(ana).reference)
    answer = door.presses(begun, "no_show", of(ana).reference)
    assert door.told(answer)[-1] == "Ana: They are here already, or have not paid: they are not missed."
    assert of(ana).no_show_at is None


def test_the_rest_are_missed_at_one_press(
    door: Door, ana: Member, ben: Member, as_ben: Caller, begun: ClassSession
) -> None:
    assert "Mark the rest as no-shows (2)" in door.reads(f"{begun.pk}/")
    door.presses(begun, "check_in", of(ana).reference)
    assert door.told(door.presses(begun, "miss_the_rest"))[-1].startswith("No-shows: 1.")
    assert door.told(door.presses(begun, "miss_the_rest"))[-1].startswith("No-shows: 0.")
    assert (of(ana).no_show_at, of(ben).no_show_at is not None) == (None, True)
    assert [act for act, _ in log()][2:] == ["check_in", "no_show"]
    assert "Mark the rest" not in door.reads(f"{begun.pk}/")


def test_nobody_is_missed_before_it_begins(door: Door, ana: Member, yoga: ClassSession) -> None:
    door.sold(yoga, ana)
    for act in ("no_show", "miss_the_rest"):
        answer = door.presses(yoga, act, of(ana).reference)
        assert door.told(answer)[-1].endswith("Nobody is missed before the session has begun.")
    assert of(ana).no_show_at is None


def test_a_no_show_is_not_given_back_even_when_its_session_is_moved(
    door: Door, ana: Member, as_ana: Caller, begun: ClassSession
) -> None:
    door.presses(begun, "no_show", of(ana).reference)
    later = timezone.now() + timedelta(days=3)
    ClassSession.objects.update(starts_at=later, ends_at=later + timedelta(hours=1))
    for path in ("cancellation", "cancel"):
        send = as_ana.get if path == "cancellation" else as_ana.post
        assert send(f"/api/booking/bookings/{of(ana).reference}/{path}/").status_code == 409
    assert of(ana).status == "paid"


def test_the_list_on_paper_has_everybody_and_a_box_to_tick(
    door: Door, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    door.sold(yoga, ana, here="on")
    booking = door.sold(yoga, ben)
    shown = door.reads(f"{yoga.pk}/print/")
    for text in ("Ana", "Ben", booking.reference, "Cash, 15.00 GBP", "☐", "✓"):
        assert text in shown
    assert ("<button" in shown, 'id="header"' in shown) == (False, False)


def test_somebody_is_found_by_name_address_or_phone_as_people_write_it(
    door: Door, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    for words in ("ana", "ANA EXAMPLE", "07700 900123", "+44 7700 900123"):
        shown = door.reads(f"{yoga.pk}/people/", q=words)
        assert (f"/people/{ana.pk}/" in shown, f"/people/{ben.pk}/" in shown) == (True, False), words
    for words in ("nobody", "\0"):
        assert f"/people/{ana.pk}/" not in door.reads(f"{yoga.pk}/people/", q=words)
    Member.objects.filter(pk=ana.pk).update(is_active=False)
    assert "Nobody is called that." in door.reads(f"{yoga.pk}/people/", q="ana")


def test_a_newcomer_becomes_a_member_once_and_is_booked(door: Door, yoga: ClassSession) -> None:
    sent = {"name": "Nia", "email": "Nia@Example.com", "phone": ""}
    first, again = (door.http.post(f"{DESK}{yoga.pk}/people/", sent) for _ in range(2))
    nia = Member.objects.get(email="nia@example.com")
    assert first["Location"] == again["Location"] == f"{DESK}{yoga.pk}/people/{nia.pk}/"
    assert (log(), nia.has_usable_password()) == ([("create_member", f"member:{nia.pk}")], False)
    assert door.sold(yoga, nia, here="on").status == "paid"


def test_who_may_not_make_members_books_those_there_are(carla: Member, ana: Member, yoga: ClassSession) -> None:
    door = Door(carla, "run_desk")
    assert "A new member" not in door.reads(f"{yoga.pk}/people/")
    assert door.http.post(f"{DESK}{yoga.pk}/people/", {"name": "N", "email": "n@example.com"}).status_code == 403
    assert door.sold(yoga, ana).status == "paid"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "nia"}, "Enter a valid email address."),
        ({"phone": "12"}, "Enter a phone number with its country code"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_of_a_newcomer_is_said(door: Door, yoga: ClassSession, wrong: dict[str, str], said: str) -> None:
    sent = {"name": "Nia", "email": "nia@example.com", "phone": "", **wrong}
    assert said in door.http.post(f"{DESK}{yoga.pk}/people/", sent).content.decode()
    assert (Member.objects.count(), log()) == (1, [])


def test_the_page_of_a_sale_says_what_there_is_to_take(door: Door, ana: Member, yoga: ClassSession) -> None:
    shown = door.reads(f"{yoga.pk}/people/{ana.pk}/")
    assert "Take 15.00 GBP in cash" in shown
    assert 'value="credits" disabled' in shown
    give_credits(ana, 2)
    shown = door.reads(f"{yoga.pk}/people/{ana.pk}/")
    assert ("2 credits for this session" in shown, "disabled" in shown) == (True, False)
    booking = door.sold(yoga, ana)
    assert f"#{booking.reference}" in door.reads(f"{yoga.pk}/people/{ana.pk}/")


def test_an_instructor_sees_and_checks_in_their_own_and_nothing_else(
    door: Door, ana: Member, ben: Member, yoga: ClassSession
) -> None:
    isla = Member.objects.create_user("isla@example.com", name="Isla", teaches_as="Isla")
    teacher = Door(isla, "see_own_roster")
    other = session(title="Spin", instructor="Rui", starts_at=yoga.starts_at)
    mine, theirs = door.sold(yoga, ana), door.sold(other, ana)
    shown = teacher.reads(of=studio_clock.today(yoga.starts_at))
    assert ("Yoga" in shown, "Spin" in shown, "Cash to hand back" in shown) == (True, False, False)
    assert "Add somebody" not in teacher.reads(f"{yoga.pk}/")
    assert teacher.presses(yoga, "check_in", mine.reference).status_code == 302
    assert teacher.presses(yoga, "check_in", theirs.reference).status_code == 404
    assert [teacher.presses(yoga, act, mine.reference).status_code for act in
            ("no_show", "undo_no_show", "end_hold", "hand_back", "miss_the_rest", "x")] == [403] * 6  # fmt: skip
    for path in (f"{other.pk}/", f"{other.pk}/print/", f"{yoga.pk}/people/", f"{yoga.pk}/people/{ana.pk}/"):
        assert teacher.http.get(f"{DESK}{path}").status_code == 403
    assert teacher.presses(other, "check_in", theirs.reference).status_code == 403
    assert teacher.sells(yoga, ben).status_code == 403
    assert teacher.http.post(DESK, {"booking": mine.reference}).status_code == 403
    Member.objects.filter(pk=isla.pk).update(teaches_as="")
    assert "Yoga" not in teacher.reads(of=studio_clock.today(yoga.starts_at))
    assert Booking.objects.filter(checked_in_at__isnull=False).count() == 1


@pytest.mark.parametrize("path", ["", "{}/", "{}/print/", "{}/people/", "{}/people/{}/"])
def test_the_desk_is_closed_to_everybody_else(ana: Member, carla: Member, yoga: ClassSession, path: str) -> None:
    address = DESK + path.format(yoga.pk, ana.pk)
    member, staff = Client(), Door(carla).http
    member.force_login(ana)
    for http, status in ((Client(), 302), (member, 302), (staff, 403)):
        assert (http.get(address).status_code, http.post(address).status_code)[0] == status
        assert http.post(address).status_code == (405 if path.endswith("print/") and status == 403 else status)


def test_unknown_sessions_members_and_bookings_are_not_there(door: Door, ana: Member, yoga: ClassSession) -> None:
    for path in ("999/", "999/print/", "999/people/", f"999/people/{ana.pk}/", f"{yoga.pk}/people/999/"):
        assert door.http.get(f"{DESK}{path}").status_code == 404
    for reference in ("", "NOWHERE1", "\0"):
        assert door.presses(yoga, "check_in", reference).status_code == 404
    assert door.presses(yoga, "x", door.sold(yoga, ana).reference).status_code == 404


def test_a_roster_of_thirty_takes_no_more_queries_than_one_of_one(carla: Member) -> None:
    door = Door(carla, "run_desk")
    one = session(capacity=40, starts_at=timezone.now() + timedelta(minutes=20))
    counts: list[list[int]] = []
    for size in (1, 30):
        while (number := Booking.objects.count()) < size:
            member = Member.objects.create_user(f"member{number}@example.com", name=f"Member {number}")
            MemberNote.objects.create(member=member, text="Hello", by=carla, at=timezone.now())
            assert door.sold(one, member)
            gone = door.sold(session(), member)
            Booking.objects.filter(pk=gone.pk).update(status="cancelled", returned_amount=10, ended_at=timezone.now())
        taken = []
        for path in ("", f"{one.pk}/", f"{one.pk}/print/"):
            with CaptureQueriesContext(connection) as queries:
                door.reads(path)
            taken.append(len(queries))
        counts.append(taken)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 12


def test_the_desk_is_one_click_from_the_admin(desk: Client) -> None:
    assert f'href="{DESK}"' in desk.get("/admin/").content.decode()
