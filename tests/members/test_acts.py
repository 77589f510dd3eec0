"""The log of what staff did: lines are added and read, and nothing else ever happens to them."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.utils import timezone

from booking.roles import FRONT_DESK, MANAGER
from boundary.books import ReadOnlyAdmin
from members import acts
from members.acted import LoggedAdmin
from members.models import AppendOnly, Member, StaffAct
from tests.cast import Caller, hired


@pytest.fixture
def line(ana: Member, carla: Member) -> StaffAct:
    told: Any = {"before": {"name": "Ann"}, "after": {"name": "Ana"}, "reason": "Ana asked"}
    acts.record(actor=carla, act="change_member", subject=f"member:{ana.pk}", now=timezone.now(), **told)
    return StaffAct.objects.get()


def changed(line: StaffAct) -> None:
    line.reason = "Nobody asked"
    line.save()


def written_over(line: StaffAct) -> None:
    StaffAct(pk=line.pk, at=line.at, actor=line.actor, act="other", subject="x", before={}, after={}).save()


@pytest.mark.parametrize(
    "tamper",
    [
        changed,
        lambda line: line.delete(),
        lambda line: StaffAct.objects.update(reason="x"),
        lambda line: StaffAct.objects.filter(pk=line.pk).delete(),
        lambda line: StaffAct.objects.bulk_update([line], ["reason"]),
        lambda line: StaffAct.objects.update_or_create(pk=line.pk, defaults={"reason": "x"}),
    ],
    ids=["save", "delete", "update", "delete many", "bulk update", "update or create"],
)
def test_a_line_is_never_changed(line: StaffAct, tamper: Any) -> None:
    before = StaffAct.objects.values().get()
    with pytest.raises(AppendOnly):
        tamper(line)
    assert StaffAct.objects.values().get() == before


def test_a_line_is_not_written_over_by_another(line: StaffAct) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        written_over(line)
    assert StaffAct.objects.get().act == "change_member"


def test_an_erased_member_leaves_who_did_what_and_nothing_of_what_was_told(line: StaffAct, as_ana: Caller) -> None:
    acts.record(actor=line.actor, act="x", subject="member:0", now=line.at, after={"name": "Somebody else"})
    assert as_ana.send("DELETE", "/api/members/me/").status_code == 204
    other, kept = StaffAct.objects.all()
    assert (kept.actor, kept.act, kept.subject, kept.at) == (line.actor, line.act, line.subject, line.at)
    assert (kept.before, kept.after, kept.reason) == ({"name": "erased"}, {"name": "erased"}, "erased")
    assert other.after == {"name": "Somebody else"}


def test_the_log_is_read_and_searched_in_the_admin_and_changed_nowhere(line: StaffAct, carla: Member) -> None:
    desk = Client()
    desk.force_login(hired(MANAGER))
    for found in (line.subject, carla.email, "change_member"):
        assert line.subject in desk.get("/admin/members/staffact/", {"q": found}).content.decode()
    assert "0 staff acts" in desk.get("/admin/members/staffact/", {"q": "nothing like it"}).content.decode()
    page = f"/admin/members/staffact/{line.pk}"
    shown = desk.get(f"{page}/change/").content.decode()
    assert "Ana asked" in shown
    assert 'name="_save"' not in shown
    for path in (f"{page}/change/", f"{page}/delete/", "/admin/members/staffact/add/"):
        assert desk.post(path, {"reason": "x"}).status_code == 403
    clerk = Client()
    clerk.force_login(hired(FRONT_DESK))
    assert clerk.get("/admin/members/staffact/").status_code == 403


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_every_admin_is_read_only_or_logs_what_it_changes(model: Any) -> None:
    assert isinstance(admin.site._registry[model], ReadOnlyAdmin | LoggedAdmin)


def test_not_even_a_superuser_edits_the_books(desk: Client, rf: RequestFactory, carla: Member) -> None:
    request = rf.get("/admin/")
    request.user = carla
    changed = {
        model._meta.label
        for model, one in admin.site._registry.items()
        if one.has_change_permission(request) or one.has_delete_permission(request)
    }
    assert changed == {
        "auth.Group",
        "booking.ClassSession",
        "booking.Closure",
        "booking.SessionType",
        "booking.TimetableRule",
        "members.Member",
        "mfa.Authenticator",
        "payments.CreditPack",
    }
