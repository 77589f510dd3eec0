"""Who may what: the roles as groups, and what each of them may over the API."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from booking.models import Booking, ClassSession
from booking.roles import FRONT_DESK, INSTRUCTOR, MANAGER, OWNER, ROLES
from members.models import Member
from tests.cast import Caller, code, give_credits, hired, session

NEW = {
    "title": "Spin", "starts_at": "2027-07-01T18:00Z", "ends_at": "2027-07-01T19:00Z", "capacity": 3, "amount": 1000,
    "credits_required": 1,
}  # fmt: skip


def permissions(role: str) -> set[str]:
    rows = Permission.objects.filter(group__name=role).values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


@pytest.mark.parametrize("role", ROLES)
def test_a_new_database_has_each_role_with_what_the_table_says(role: str) -> None:
    """A permission that comes with a new model fails here until a migration, or the table, gives it to somebody."""
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    every = {f"{app}.{codename}" for app, codename in rows}
    whole = {name for name in every if f"{name.partition('.')[0]}.*" in ROLES[role]}
    named = {name for name in ROLES[role] if not name.endswith(".*")}
    assert named <= every, "no such permission"
    assert permissions(role) == whole | named


def test_sync_roles_brings_back_what_the_table_says_and_touches_no_other_group() -> None:
    desk, own = Group.objects.get(name=FRONT_DESK), Group.objects.create(name="Cleaners")
    refund = Permission.objects.get(codename="refund_payment")
    desk.permissions.set([refund])
    own.permissions.set([refund])
    said = StringIO()
    call_command("sync_roles", stdout=said)
    assert said.getvalue() == f"sync_roles: 4 roles, {len(ROLES[FRONT_DESK])} permissions given, 1 taken\n"
    assert permissions(FRONT_DESK) == set(ROLES[FRONT_DESK])
    call_command("sync_roles", stdout=said)
    assert said.getvalue().endswith(" 0 permissions given, 0 taken\n")
    assert permissions("Cleaners") == {"payments.refund_payment"}
    own.delete()


@pytest.fixture
def yoga() -> ClassSession:
    return session(instructor="Isla")


@pytest.fixture
def booked(as_ana: Caller, ana: Member, yoga: ClassSession) -> str:
    give_credits(ana, 1)
    return str(as_ana.book(yoga).json()["reference"])


def roster(yoga: ClassSession) -> str:
    return f"/api/booking/sessions/{yoga.pk}/roster/"


def check_in(reference: str) -> str:
    return f"/api/booking/bookings/{reference}/check-in/"


def test_an_instructor_sees_and_checks_in_who_comes_to_their_own_sessions(yoga: ClassSession, booked: str) -> None:
    isla = Caller(hired(INSTRUCTOR, teaches_as="Isla"))
    assert [row["reference"] for row in isla.get(roster(yoga)).json()["results"]] == [booked]
    assert isla.post(check_in(booked)).status_code == 200
    assert Booking.objects.get(reference=booked).checked_in_at
    assert isla.send("DELETE", check_in(booked)).status_code == 200
    assert not Booking.objects.get(reference=booked).checked_in_at


@pytest.mark.parametrize("name", ["Femi", "", "isla"], ids=["somebody else", "nobody", "almost"])
def test_an_instructor_sees_nobody_elses_sessions(yoga: ClassSession, booked: str, name: str) -> None:
    other = Caller(hired(INSTRUCTOR, teaches_as=name))
    ClassSession.objects.filter(pk=yoga.pk).update(instructor="Isla" if name else "")
    for answer in (other.get(roster(yoga)), other.post(check_in(booked)), other.send("DELETE", check_in(booked))):
        assert (answer.status_code, code(answer)) == (403, "permission_denied")
    assert other.get("/api/booking/sessions/999/roster/").status_code == 404
    assert not Booking.objects.get(reference=booked).checked_in_at


def test_an_instructor_is_a_member_like_any_other_besides(yoga: ClassSession, booked: str) -> None:
    isla = Caller(hired(INSTRUCTOR, teaches_as="Isla"))
    assert isla.get("/api/booking/bookings/").json()["results"] == []
    for path in ("", "history/", "cancellation/"):
        assert isla.get(f"/api/booking/bookings/{booked}/{path}").status_code == 404
    assert isla.post(f"/api/booking/bookings/{booked}/cancel/").status_code == 404
    own = isla.book(session(amount=0)).json()["reference"]
    assert isla.post(f"/api/booking/bookings/{own}/cancel/").status_code == 200


def refused_to_the_desk(yoga: ClassSession, ana: Member) -> list[tuple[str, str, Any]]:
    pack = {"name": "Ten", "credits": 10, "amount": 9000, "currency": "gbp", "valid_days": 90}
    return [
        ("POST", "/api/booking/sessions/", NEW),
        ("PATCH", f"/api/booking/sessions/{yoga.pk}/", {"title": "Spin"}),
        ("POST", f"/api/booking/sessions/{yoga.pk}/cancel/", {}),
        ("POST", "/api/payments/credits/grants/", {"member": ana.pk, "credits": 5, "note": "Sorry"}),
        ("POST", "/api/payments/packs/", pack),
    ]


def test_the_front_desk_runs_the_door_and_nothing_else(yoga: ClassSession, booked: str, ana: Member) -> None:
    desk = Caller(hired(FRONT_DESK))
    assert desk.get(roster(yoga)).status_code == 200
    assert desk.post(check_in(booked)).status_code == 200
    assert desk.send("DELETE", check_in(booked)).status_code == 200
    assert [row["reference"] for row in desk.get("/api/booking/bookings/").json()["results"]] == [booked]
    assert desk.get("/api/members/").status_code == 200
    assert desk.post("/api/members/", {"email": "new@example.com", "name": "New", "phone": ""}).status_code == 201
    for method, path, body in refused_to_the_desk(yoga, ana):
        answer = desk.send(method, path, body)
        assert (answer.status_code, code(answer)) == (403, "permission_denied"), path
    yoga.refresh_from_db()
    assert (yoga.title, yoga.status) == ("Yoga", "scheduled")
    assert desk.post(f"/api/booking/bookings/{booked}/cancel/").json()["ended_reason"] == "staff"


@pytest.mark.parametrize("role", [MANAGER, OWNER])
def test_managers_and_owners_do_what_staff_do(role: str, yoga: ClassSession, booked: str, ana: Member) -> None:
    boss = Caller(hired(role))
    for method, path, body in refused_to_the_desk(yoga, ana):
        assert boss.send(method, path, body).status_code in (200, 201), path


def test_staff_without_a_role_do_what_staff_do(
    as_carla: Caller, carla: Member, yoga: ClassSession, booked: str, ana: Member
) -> None:
    assert not carla.groups.exists()
    for method, path, body in refused_to_the_desk(yoga, ana):
        assert as_carla.send(method, path, body).status_code in (200, 201), path


def test_a_role_without_a_staff_account_is_nothing(yoga: ClassSession, ana: Member, as_ana: Caller) -> None:
    ana.groups.add(Group.objects.get(name=OWNER))
    assert as_ana.get(roster(yoga)).status_code == 403
    assert as_ana.post("/api/booking/sessions/", NEW).status_code == 403


def test_who_may_look_at_bookings_cancels_none_for_others(booked: str, carla: Member, as_carla: Caller) -> None:
    onlookers = Group.objects.create(name="Onlookers")
    onlookers.permissions.set(Permission.objects.filter(codename="view_booking"))
    carla.groups.add(onlookers)
    assert as_carla.get(f"/api/booking/bookings/{booked}/").status_code == 200
    for act in ("cancel", "sync"):
        assert as_carla.post(f"/api/booking/bookings/{booked}/{act}/").status_code == 403
    own = as_carla.book(session(amount=0)).json()["reference"]
    for act in ("sync", "cancel"):
        assert as_carla.post(f"/api/booking/bookings/{own}/{act}/").status_code == 200
    onlookers.delete()


def test_only_who_sells_packs_sees_those_that_are_not_sold(ana: Member) -> None:
    pack = {"name": "Ten", "credits": 10, "amount": 9000, "currency": "gbp", "valid_days": 90, "active": False}
    assert Caller(hired(MANAGER)).post("/api/payments/packs/", pack).status_code == 201
    assert Caller(hired(FRONT_DESK)).get("/api/payments/packs/").json()["results"] == []
    [shown] = Caller(hired(OWNER)).get("/api/payments/packs/").json()["results"]
    assert shown["active"] is False
