"""Staff change sessions in the admin: they see whom it concerns before it is saved, for one session and for many."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import Booking, ClassSession, WaitlistEntry
from boundary import studio_clock
from members.models import Member, StaffAct
from notifications import delivery
from notifications.models import Message
from tests.booking.test_cancelling_in_the_admin import everything, ids, words
from tests.cast import Caller, seats_match, session
from tests.rival import Crash, crash, meanwhile

MANY = "/admin/booking/classsession/change-many/"


def form(one: ClassSession, **changes: Any) -> dict[str, Any]:
    """What the change form of a session sends; times are the studio's."""
    values = {name: getattr(one, name) for name in ("title", "description", "instructor", "location", "capacity",
              "amount", "currency", "credits_required")}  # fmt: skip
    for name in ("starts_at", "ends_at"):
        moment = changes.pop(name, getattr(one, name)).astimezone(studio_clock.zone())
        values |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S.%f}"}
    return values | changes


def save(desk: Client, one: ClassSession, **changes: Any) -> Any:
    one.refresh_from_db()
    return desk.post(f"/admin/booking/classsession/{one.pk}/change/", form(one, **changes))


def later(one: ClassSession, hours: int) -> dict[str, Any]:
    return {name: getattr(one, name) + timedelta(hours=hours) for name in ("starts_at", "ends_at")}


@pytest.fixture
def yoga() -> ClassSession:
    return session(amount=0, starts_at=timezone.now().replace(microsecond=0) + timedelta(days=2))


def told() -> list[str]:
    assert delivery.lane.wait(20)
    return sorted(Message.objects.filter(kind="session_moved").values_list("member__name", flat=True))


def is_in_order() -> bool:
    assert delivery.lane.wait(20)
    call_command("check_integrity", stdout=StringIO())
    return seats_match()


def test_a_move_is_saved_once_staff_have_seen_who_is_told(
    desk: Client, as_ana: Caller, as_ben: Caller, carla: Member, yoga: ClassSession
) -> None:
    for caller in (as_ana, as_ben):
        caller.book(yoga)
    spin = session(title="Spin", amount=0, starts_at=yoga.starts_at + timedelta(hours=3, minutes=30))
    as_ben.book(spin)
    assert delivery.lane.wait(20)
    before = everything()
    asked = save(desk, yoga, **later(yoga, 3))
    seen = words(asked)
    assert "2 members will be told of the move" in seen
    assert "Ana (" in seen
    assert f"has another booking then: Spin, {studio_clock.written(spin.starts_at)}" in seen
    assert seen.count("has another booking then") == 1
    assert f"{studio_clock.written(yoga.starts_at)} → " in seen
    assert "[Save and tell them]" in seen
    assert everything() == before
    for _ in range(2):
        assert save(desk, yoga, **later(yoga, 3) if not told() else {}, _confirmed="yes").status_code == 302
    assert told() == ["Ana", "Ben"]
    act = StaffAct.objects.get()
    assert (act.actor, act.act, set(act.before)) == (carla, "change_session", {"starts_at", "ends_at"})
    assert is_in_order()


def test_who_is_elsewhere_counts_other_sessions_at_the_new_time_alone(
    desk: Client, as_ana: Caller, yoga: ClassSession
) -> None:
    """Not the session itself, which is moved by less than it lasts, nor what ends when it begins."""
    as_ana.book(yoga)
    as_ana.book(session(title="Before", amount=0, starts_at=yoga.starts_at - timedelta(minutes=30)))
    as_ana.book(session(title="After", amount=0, starts_at=yoga.starts_at + timedelta(minutes=90)))
    as_ana.book(session(title="Off", amount=0, starts_at=yoga.starts_at, status="cancelled"))
    moved = {name: getattr(yoga, name) + timedelta(minutes=30) for name in ("starts_at", "ends_at")}
    seen = words(save(desk, yoga, **moved))
    assert "1 member will be told of the move" in seen
    assert "has another booking then" not in seen
    yoga.refresh_from_db()
    moved = {name: getattr(yoga, name) + timedelta(minutes=31) for name in ("starts_at", "ends_at")}
    assert "has another booking then: After," in words(save(desk, yoga, **moved))


def test_the_confirmation_sends_everything_that_was_typed(desk: Client, as_ana: Caller, yoga: ClassSession) -> None:
    as_ana.book(yoga)
    asked = save(desk, yoga, location='Hall "2" <b>', description="Bring a mat", _continue="Save and continue")
    page = asked.content.decode()
    assert 'name="location" value="Hall &quot;2&quot; &lt;b&gt;"' in page
    assert 'name="description" value="Bring a mat"' in page
    assert 'name="_continue" value="Save and continue"' in page
    assert "unsafe" not in asked["Content-Security-Policy"]


@pytest.mark.parametrize(
    "changes", [{"title": "Slow yoga"}, {"instructor": "Femi"}, {"capacity": 11}], ids=["title", "instructor", "seats"]
)
def test_what_concerns_nobody_is_saved_at_once(
    changes: dict[str, Any], desk: Client, as_ana: Caller, yoga: ClassSession
) -> None:
    as_ana.book(yoga)
    assert save(desk, yoga, **changes).status_code == 302
    assert {name: getattr(ClassSession.objects.get(), name) for name in changes} == changes


def test_an_empty_session_moves_without_a_question(desk: Client, yoga: ClassSession) -> None:
    assert save(desk, yoga, **later(yoga, 3)).status_code == 302


def test_more_seats_say_how_many_in_line_get_one(desk: Client, as_ana: Caller, as_ben: Caller) -> None:
    one = session(capacity=1, amount=0)
    as_ben.book(one)
    assert as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert "1 taken, 1 in line." in words(desk.get(f"/admin/booking/classsession/{one.pk}/change/"))
    assert "1 in line will be offered a seat." in words(save(desk, one, capacity=5))
    assert not Message.objects.filter(kind="waitlist_offer").exists()
    assert save(desk, one, capacity=5, _confirmed="yes").status_code == 302
    assert Message.objects.filter(kind="waitlist_offer").count() == 1
    assert is_in_order()


def test_fewer_seats_than_are_taken_say_how_many_to_cancel(
    desk: Client, as_ana: Caller, as_ben: Caller, as_carla: Caller, yoga: ClassSession
) -> None:
    for caller in (as_ana, as_ben):
        caller.book(yoga)
    why = "2 seats are taken already. Cancel 1 booking first, or leave at least 2 seats."
    assert why in words(save(desk, yoga, capacity=1, _confirmed="yes"))
    refused = as_carla.patch(f"/api/booking/sessions/{yoga.pk}/", {"capacity": 0})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["detail"].startswith("2 seats are taken already. Cancel 2 bookings first")
    yoga.refresh_from_db()
    assert yoga.capacity == 10


# --- Many -------------------------------------------------------------------------------------------------------------


def many(desk: Client, *sessions: ClassSession, **fields: Any) -> Any:
    empty = {"capacity": "", "instructor": "", "location": ""}
    return desk.post(MANY, {**empty, **ids(*sessions), **fields}, follow=True)


def test_many_are_changed_after_a_look_at_whom_it_concerns(
    desk: Client, as_ana: Caller, as_ben: Caller, carla: Member, yoga: ClassSession
) -> None:
    spin, off = session(title="Spin", amount=0, capacity=1), session(title="Off", status="cancelled")
    as_ana.book(yoga)
    as_ben.book(spin)
    assert as_ana.post(f"/api/booking/sessions/{spin.pk}/waitlist/").status_code == 201
    assert delivery.lane.wait(20)
    chosen = (yoga, spin, off)
    listed = desk.post("/admin/booking/classsession/", {
        "action": "change_many", "_selected_action": [one.pk for one in chosen]})  # fmt: skip
    assert listed["Location"].startswith(f"{MANY}?ids=")
    asked = words(desk.get(MANY, ids(*chosen)))
    assert "1 of 10 seats taken, Isla, Studio 1" in asked
    assert "cancelled: it stays as it is" in asked
    before = everything()
    seen = words(many(desk, *chosen, location="Hall", instructor="Femi", capacity=4))
    assert "2 members will be told of the move" in seen
    assert "1 in line will be offered a seat." in seen
    assert "Location: Studio 1 → Hall" in seen
    assert everything() == before
    for _ in range(2):
        done = many(desk, *chosen, location="Hall", instructor="Femi", capacity=4, _confirmed="yes").content.decode()
    assert "0 sessions changed. Left as they are: Off" in done
    # Ana also as the one who is offered the new seat of Spin: an offer does not say where.
    assert told() == ["Ana", "Ana", "Ben"]
    rows = ClassSession.objects.exclude(pk=off.pk).values_list("location", "instructor", "capacity")
    assert set(rows) == {("Hall", "Femi", 4)}
    assert Booking.objects.filter(session=spin, status="pending").count() == 1
    assert list(StaffAct.objects.values_list("actor", "act")) == [(carla.pk, "change_session")] * 2
    assert is_in_order()


def test_one_that_cannot_have_so_few_seats_is_left_and_the_others_are_changed(
    desk: Client, as_ana: Caller, as_ben: Caller, yoga: ClassSession
) -> None:
    spin = session(title="Spin", amount=0)
    for caller in (as_ana, as_ben):
        caller.book(yoga)
    seen = words(many(desk, yoga, spin, capacity=1))
    assert "Left as it is: 2 seats are taken already. Cancel 1 booking first" in seen
    done = many(desk, yoga, spin, capacity=1, _confirmed="yes").content.decode()
    assert "1 sessions changed. Left as they are: Yoga" in done
    assert dict(ClassSession.objects.values_list("title", "capacity")) == {"Yoga": 10, "Spin": 1}
    assert StaffAct.objects.count() == 1
    assert is_in_order()


def test_a_crash_between_two_is_gone_on_with_by_the_same_press(
    desk: Client, as_ana: Caller, as_ben: Caller, yoga: ClassSession
) -> None:
    spin = session(title="Spin", amount=0)
    as_ana.book(yoga)
    as_ben.book(spin)

    with pytest.raises(Crash), meanwhile(lambda: None, crash, before='INSERT INTO "members_staffact"'):
        many(desk, yoga, spin, location="Hall", _confirmed="yes")
    assert sorted(ClassSession.objects.values_list("location", flat=True)) == ["Hall", "Studio 1"]
    many(desk, yoga, spin, location="Hall", _confirmed="yes")
    assert sorted(told()) == ["Ana", "Ben"]
    assert StaffAct.objects.count() == 2
    assert is_in_order()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "Say what to change"),
        ({"capacity": "-1"}, "greater than or equal to 0"),
        ({"capacity": "many"}, "whole number"),
        ({"capacity": "100001"}, "less than or equal to 100000"),
        ({"location": "x" * 201}, "at most 200"),
    ],
    ids=["nothing", "negative", "no number", "too many", "too long"],
)
def test_what_makes_no_sense_is_refused_in_words(
    fields: dict[str, str], error: str, desk: Client, yoga: ClassSession
) -> None:
    assert error in words(many(desk, yoga, **fields, _confirmed="yes"))
    assert not StaffAct.objects.exists()


def test_only_who_may_change_sessions_changes_many(carla: Member, yoga: ClassSession) -> None:
    carla.user_permissions.set(Permission.objects.filter(codename="view_classsession"))
    desk = Client()
    desk.force_login(carla)
    assert desk.get(MANY, ids(yoga)).status_code == 403
    assert many(desk, yoga, location="Hall", _confirmed="yes").status_code == 403
    assert save(desk, yoga, location="Hall").status_code == 403
    assert ClassSession.objects.get().location == "Studio 1"


def test_a_look_costs_the_same_queries_for_one_and_for_many(desk: Client, django_assert_num_queries: Any) -> None:
    """The line, the bookings and what else its members have then."""
    sessions = [session(title=f"S{number}", amount=0, capacity=3) for number in range(3)]
    for number, one in enumerate(sessions):
        for at in range(3):
            Caller(Member.objects.create_user(f"m{number}{at}@example.com", name=f"M{at}")).book(one)
        waits = Member.objects.create_user(f"w{number}@example.com", name="W")
        WaitlistEntry.objects.create(member=waits, session=one, joined_at=timezone.now())
    with CaptureQueriesContext(connection) as for_one:
        many(desk, sessions[0], location="Hall", capacity=9)
    with django_assert_num_queries(len(for_one)):
        seen = words(many(desk, *sessions, location="Hall", capacity=9))
    assert "9 members will be told" in seen
    assert "3 in line will be offered a seat." in seen
