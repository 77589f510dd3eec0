"""What staff do in the admin's forms and over the API stands in the log, with before and after, or did not happen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError
from django.db.models.signals import pre_save
from django.test import Client
from django.utils import timezone

from booking.models import ClassSession, Closure, SessionType, TimetableRule
from booking.roles import INSTRUCTOR
from members.models import Member, StaffAct
from payments.models import CreditLot, PackPurchase, Payment, Refund, UnmatchedMoney
from tests.cast import Caller, Sandbox, give_credits, intent_of, paid_by_card, session
from tests.payments.counter import buy, pack
from tests.payments.desk import act

TYPE = {"name": "Yoga", "minutes": "60", "capacity": "10", "amount": "1500", "currency": "gbp", "credits_required": "1"}
RULE = {"recurrence": "FREQ=DAILY", "starts_on": "2027-01-01", "at": "18:00", "instructor": "Isla", "location": "A"}
NO_INLINES = {"closures-TOTAL_FORMS": "0", "closures-INITIAL_FORMS": "0"}
SESSION = {
    "title": "Spin", "starts_at": "2027-07-01T18:00:00Z", "ends_at": "2027-07-01T19:00:00Z", "capacity": 3,
    "amount": 1000, "credits_required": 1,
}  # fmt: skip
SESSION_FORM = {
    "title": "Spin", "capacity": "3", "amount": "1000", "currency": "gbp", "credits_required": "1",
    "starts_at_0": "2027-07-01", "starts_at_1": "18:00", "ends_at_0": "2027-07-01", "ends_at_1": "19:00",
}  # fmt: skip
PACK = {"name": "Ten", "credits": 10, "amount": 9000, "currency": "gbp", "valid_days": 90}


def lines() -> list[tuple[str, str]]:
    return list(StaffAct.objects.order_by("id").values_list("act", "subject"))


def last() -> tuple[str, str, dict[str, Any], dict[str, Any]]:
    line = StaffAct.objects.latest("id")
    assert line.actor.email == "carla@example.com"
    return line.act, line.subject, line.before, line.after


def kind() -> SessionType:
    numbers = {"minutes": 60, "capacity": 10, "amount": 1500, "credits_required": 1}
    return SessionType.objects.create(name="Yoga", currency="gbp", **numbers)


def saved(desk: Client, path: str, form: dict[str, Any]) -> None:
    answer = desk.post(f"/admin/{path}", form)
    assert answer.status_code == 302, answer.context["errors"]


def test_kinds_of_sessions(desk: Client) -> None:
    saved(desk, "booking/sessiontype/add/", TYPE)
    made = SessionType.objects.get()
    what, subject, before, after = last()
    assert (what, subject, before) == ("create_session_type", f"session_type:{made.pk}", {})
    assert (after["name"], after["capacity"]) == ("Yoga", 10)
    saved(desk, f"booking/sessiontype/{made.pk}/change/", {**TYPE, "capacity": "12"})
    assert last() == ("change_session_type", subject, {"capacity": 10}, {"capacity": 12})
    saved(desk, f"booking/sessiontype/{made.pk}/change/", {**TYPE, "capacity": "12"})
    assert len(lines()) == 2, "nothing was changed"
    saved(desk, f"booking/sessiontype/{made.pk}/delete/", {"post": "yes"})
    what, subject, before, after = last()
    assert (what, before["capacity"], after) == ("delete_session_type", 12, {})
    assert not SessionType.objects.exists()


def test_rules_with_their_closed_days(desk: Client) -> None:
    form = {**RULE, **NO_INLINES, "session_type": str(kind().pk)}
    saved(desk, "booking/timetablerule/add/", form)
    rule = TimetableRule.objects.get()
    assert last()[:2] == ("create_rule", f"rule:{rule.pk}")
    closed = {"closures-TOTAL_FORMS": "1", "closures-0-first": "2027-02-01", "closures-0-last": "2027-02-03"}
    saved(desk, f"booking/timetablerule/{rule.pk}/change/", {**form, **closed, "existing": "keep", "at": "19:00"})
    closure = Closure.objects.get()
    assert lines()[1:] == [("change_rule", f"rule:{rule.pk}"), ("create_closure", f"closure:{closure.pk}")]
    line = StaffAct.objects.get(act="change_rule")
    assert (line.before["at"], line.after["at"], line.after["existing"]) == ("18:00:00", "19:00:00", "keep")
    row = {"closures-INITIAL_FORMS": "1", "closures-0-id": str(closure.pk), "closures-0-rule": str(rule.pk)}
    gone = {**form, **closed, **row, "at": "19:00", "closures-0-DELETE": "on"}
    saved(desk, f"booking/timetablerule/{rule.pk}/change/", gone)
    what, subject, before, _ = last()
    assert (what, subject, before["first"]) == ("delete_closure", f"closure:{closure.pk}", "2027-02-01")


def test_closed_days_of_the_studio_one_by_one_and_many_at_once(desk: Client) -> None:
    saved(desk, "booking/closure/add/", {"first": "2027-12-24", "last": "2027-12-26", "reason": "Christmas"})
    closure = Closure.objects.get()
    assert last()[3] == {"first": "2027-12-24", "last": "2027-12-26", "reason": "Christmas", "rule": None}
    desk.post("/admin/booking/closure/", {"action": "delete_selected", "_selected_action": [closure.pk], "post": "yes"})
    assert last()[:2] == ("delete_closure", f"closure:{closure.pk}")
    assert not Closure.objects.exists()


def test_sessions_that_are_added_one_by_one_or_by_a_rule(desk: Client, as_carla: Caller) -> None:
    saved(desk, "booking/classsession/add/", SESSION_FORM)
    what, subject, _, after = last()
    assert (what, subject) == ("create_session", f"session:{ClassSession.objects.get().pk}")
    assert (after["title"], after["starts_at"]) == ("Spin", "2027-07-01T17:00:00Z"), "in UTC, whatever the form's zone"
    answer = as_carla.post("/api/booking/sessions/", SESSION)
    what, subject, _, after = last()
    assert (what, subject) == ("create_session", f"session:{answer.json()['id']}")
    assert (after["title"], after["starts_at"]) == ("Spin", "2027-07-01T18:00:00Z")
    today = timezone.now().date()
    rule = TimetableRule.objects.create(session_type=kind(), **{**RULE, "starts_on": today})
    desk.post("/admin/booking/timetablerule/", {"action": "generate", "_selected_action": [rule.pk]})
    what, subject, _, after = last()
    assert (what, subject, after["added"]) == ("generate_sessions", f"rule:{rule.pk}", ClassSession.objects.count() - 2)


def test_members_and_never_a_password(desk: Client, as_carla: Caller) -> None:
    secret = "quite-another-one-2"
    form = {"email": "new@example.com", "name": "New", "phone": "", "usable_password": "true"}
    saved(desk, "members/member/add/", {**form, "password1": secret, "password2": secret})
    new = Member.objects.get(email="new@example.com")
    subject = f"member:{new.pk}"
    assert last() == ("create_member", subject, {}, {"email": new.email, "name": "New", "phone": ""})
    group = Group.objects.get(name=INSTRUCTOR)
    profile = {"email": new.email, "name": "Nova", "phone": "+447700900555"}
    saved(desk, f"members/member/{new.pk}/change/", {**profile, "is_staff": "on", "groups": [group.pk]})
    before = {"name": "New", "phone": "", "is_staff": False, "groups": []}
    after = {"name": "Nova", "phone": "+447700900555", "is_staff": True, "groups": [group.pk]}
    assert last() == ("change_member", subject, before, after)
    new_one = {"password1": f"{secret}3", "password2": f"{secret}3", "usable_password": "true", "set-password": "1"}
    saved(desk, f"members/member/{new.pk}/password/", new_one)
    assert last() == ("set_password", subject, {}, {})
    other = {"email": "other@example.com", "name": "Other", "phone": "", "password": secret}
    made = as_carla.post("/api/members/", other).json()
    assert last() == (
        "create_member",
        f"member:{made['id']}",
        {},
        {"email": "other@example.com", "name": "Other", "phone": ""},
    )
    told = repr(list(StaffAct.objects.values()))
    assert secret not in told
    assert "md5$" not in told


def test_what_a_role_may(desk: Client) -> None:
    group = Group.objects.create(name="Cleaners")
    saved(desk, f"auth/group/{group.pk}/change/", {"name": "Cleaners at night"})
    assert last() == (
        "change_role",
        f"role:{group.pk}",
        {"name": "Cleaners"},
        {"name": "Cleaners at night"},
    )
    Group.objects.filter(pk=group.pk).delete()


def test_packs(desk: Client, as_carla: Caller) -> None:
    made = as_carla.post("/api/payments/packs/", PACK).json()
    assert last() == ("create_pack", f"pack:{made['id']}", {}, PACK)
    assert as_carla.patch(f"/api/payments/packs/{made['id']}/", {"amount": 8000, "credits": 10}).status_code == 200
    assert last() == ("change_pack", f"pack:{made['id']}", {"amount": 9000}, {"amount": 8000})
    assert as_carla.patch(f"/api/payments/packs/{made['id']}/", {"amount": 8000}).status_code == 200
    assert len(lines()) == 2
    saved(desk, f"payments/creditpack/{made['id']}/change/", {**PACK, "amount": "7000", "active": "on"})
    assert last() == ("change_pack", f"pack:{made['id']}", {"amount": 8000}, {"amount": 7000})


def test_granted_credits_once_however_often_they_are_sent(desk: Client, as_carla: Caller, ana: Member) -> None:
    body = {"member": ana.pk, "credits": 5, "note": "Sorry"}
    for _ in range(2):
        as_carla.post("/api/payments/credits/grants/", body, Idempotency_Key="once")
    lot = CreditLot.objects.get()
    after = {"member": ana.pk, "credits": 5, "expires_at": None}
    assert lines() == [("grant_credits", f"credits:{lot.pk}")]
    assert (last()[3], StaffAct.objects.get().reason) == (after, "Sorry")
    form = {"member": ana.pk, "granted": "2", "note": "Welcome", "idempotency_key": "a-form"}
    for _ in range(2):
        saved(desk, "payments/creditlot/add/", form)
    assert len(lines()) == 2
    assert last()[3] == after | {"credits": 2}


@pytest.fixture
def booked(as_ana: Caller, ana: Member, sandbox: Sandbox) -> str:
    give_credits(ana, 1)
    return str(as_ana.book(session()).json()["reference"])


def path(reference: str, name: str) -> str:
    return f"/api/booking/bookings/{reference}/{name}/"


def test_who_came_and_did_not_after_all(as_carla: Caller, booked: str) -> None:
    for _ in range(2):
        moment = as_carla.post(path(booked, "check-in")).json()["checked_in_at"]
    what, subject, before, after = last()
    assert (what, subject, before["checked_in_at"]) == ("check_in", f"booking:{booked}", None)
    assert after["checked_in_at"][:19] == moment[:19]
    for _ in range(2):
        as_carla.send("DELETE", path(booked, "check-in"))
    what, _, before, after = last()
    assert (what, before["checked_in_at"][:19], after["checked_in_at"]) == ("undo_check_in", moment[:19], None)
    assert len(lines()) == 2


def test_bookings_cancelled_and_looked_up_for_a_member(
    as_carla: Caller, as_ben: Caller, booked: str, sandbox: Sandbox
) -> None:
    held = as_ben.book(session(), "card").json()["reference"]
    as_carla.post(path(held, "sync"))
    as_carla.post(path(held, "cancel"))
    as_carla.post(path(booked, "cancel"))
    assert as_carla.post(path(booked, "cancel")).status_code == 409
    asked = [("sync_booking", held), ("cancel_booking", held), ("cancel_booking", booked)]
    assert lines() == [(what, f"booking:{reference}") for what, reference in asked]
    assert last()[2] == {"status": "paid"}


def test_what_members_do_for_themselves_is_no_act_of_staff(as_carla: Caller, sandbox: Sandbox) -> None:
    held = as_carla.book(session(), "card").json()["reference"]
    as_carla.post(path(held, "sync"))
    as_carla.post(path(held, "cancel"))
    assert lines() == []


def a_paid_purchase(as_ana: Caller, sandbox: Sandbox) -> PackPurchase:
    answer = buy(as_ana, pack())
    sandbox.pays(intent_of(answer))
    as_ana.post(f"/api/payments/purchases/{answer.json()['purchase']}/sync/")
    return PackPurchase.objects.get(status="paid")


@pytest.mark.parametrize("where", ["admin", "api"])
def test_packs_taken_back(desk: Client, as_carla: Caller, as_ana: Caller, sandbox: Sandbox, where: str) -> None:
    sold = a_paid_purchase(as_ana, sandbox)
    assert lines() == []
    for _ in range(2):
        if where == "admin":
            act(desk, "packpurchase", "refund", sold.pk)
        else:
            as_carla.post(f"/api/payments/purchases/{sold.reference}/refund/")
    after = {"status": "refunded", "member": sold.member_id, "amount": sold.amount}
    assert lines() == [("refund_pack", sold.subject)]
    assert last()[2:] == ({"status": "paid"}, after)


def test_refunds_owed_again_and_money_dealt_with(desk: Client, as_ana: Caller, sandbox: Sandbox) -> None:
    reference, now = paid_by_card(as_ana, session(), sandbox), timezone.now()
    payment = Payment.objects.get()
    values: Any = {"payment": payment, "amount": 500, "currency": "gbp", "reason": "staff", "due_at": now}
    failed = Refund.objects.create(key="1", status="failed", ended_at=now, created_at=now, **values)
    for _ in range(2):
        act(desk, "refund", "owe_again", failed.pk)
    again = Refund.objects.latest("id")
    assert lines() == [("owe_refund_again", f"booking:{reference}")]
    assert last()[2:] == ({"refund": failed.pk}, {"refund": again.pk, "amount": 500, "currency": "gbp"})
    money = UnmatchedMoney.objects.create(stripe_id="pi_x", amount=100, currency="gbp", why="unknown", found_at=now)
    for _ in range(2):
        act(desk, "unmatchedmoney", "tick_off", money.pk)
    what, subject, before, after = last()
    assert (what, subject, before, len(lines())) == ("tick_off", "money:pi_x", {"resolved_at": None}, 2)
    assert after["resolved_at"]


def add_a_kind(desk: Client) -> Any:
    return desk.post("/admin/booking/sessiontype/add/", TYPE)


def add_a_member(desk: Client) -> Any:
    return Caller(Member.objects.get(email="carla@example.com")).post(
        "/api/members/", {"email": "new@example.com", "name": "New", "phone": ""}
    )


@pytest.mark.parametrize("change", [add_a_kind, add_a_member], ids=["in the admin", "over the API"])
def test_what_cannot_be_logged_does_not_happen(desk: Client, change: Callable[[Client], Any]) -> None:
    def full(**kwargs: Any) -> None:
        raise OperationalError("the disk is full")

    pre_save.connect(full, sender=StaffAct)
    try:
        assert change(desk).status_code == 503
    finally:
        pre_save.disconnect(full, sender=StaffAct)
    assert not SessionType.objects.exists()
    assert not Member.objects.filter(email="new@example.com").exists()
