"""Who is blocked comes in no more, at once; what they have booked and paid goes on by the usual rules."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from booking.models import Booking
from members.models import Member, MemberSession, StaffAct
from notifications import delivery
from payments import refunds
from payments.models import Refund
from tests.booking.counter import act, fill, log, offers, page, shown, staff
from tests.cast import Caller, Sandbox, code, intent_of, paid_by_card, session, tell
from tests.members import life

ME, LOGIN = "/api/members/me/", "/_allauth/app/v1/auth/login"
PASSWORD = "ana-and-the-wall"

pytestmark = pytest.mark.usefixtures("laws")


def block(desk: Client, member: Member, **given: Any) -> str:
    return fill(desk, member, "block", **{"reason": "Shouted at Ben"} | given)


def test_every_way_in_is_closed_at_once(
    desk: Client, as_ana: Caller, as_ben: Caller, ana: Member, carla: Member, anyone: Caller
) -> None:
    browser = Caller()
    browser.http.force_login(ana)
    assert [caller.get(ME).status_code for caller in (browser, as_ana, as_ben)] == [200, 200, 200]
    assert block(desk, ana) == "They are blocked, and signed out everywhere."
    assert [caller.get(ME).status_code for caller in (browser, as_ana, as_ben)] == [401, 401, 200]
    assert code(as_ana.book(session(amount=0))) == "not_authenticated"
    assert anyone.post(LOGIN, {"email": ana.email, "password": PASSWORD}).status_code != 200
    assert not any(row.get_decoded().get("_auth_user_id") == str(ana.pk) for row in MemberSession.objects.all())
    assert '<dd class="state">blocked</dd>' in shown(desk, ana)
    line = StaffAct.objects.get()
    assert (line.act, line.subject, line.actor, line.reason) == ("block", f"member:{ana.pk}", carla, "Shouted at Ben")
    assert (line.before, line.after) == ({"active": True}, {"active": False})


def test_who_is_unblocked_signs_in_again_and_no_old_session_comes_back(
    desk: Client, as_ana: Caller, ana: Member, anyone: Caller
) -> None:
    given = {"reason": "Sorry"}
    block(desk, ana)
    assert act(desk, ana, "block", given) == "They are blocked already."
    assert not offers(shown(desk, ana), "block")
    assert fill(desk, ana, "unblock", reason="They made up") == "They may sign in again."
    assert act(desk, ana, "unblock", given) == "They are not blocked."
    assert as_ana.get(ME).status_code == 401
    assert anyone.post(LOGIN, {"email": ana.email, "password": PASSWORD}).status_code == 200
    assert [name for name, _ in log()] == ["block", "unblock"]


def test_what_is_booked_and_paid_goes_on_and_they_are_told_of_their_money(
    desk: Client, as_ana: Caller, as_carla: Caller, ana: Member, sandbox: Sandbox
) -> None:
    ana.whatsapp_opt_in = False
    ana.save()
    paid = paid_by_card(as_ana, one := session(), sandbox)
    held = as_ana.book(session(), "card")
    assert delivery.lane.wait(20)
    mail.outbox.clear()
    block(desk, ana)
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["paid", "pending"]
    sandbox.pays(intent_of(held))
    for event in sandbox.events("payment_intent.succeeded"):
        tell(event)
    assert set(Booking.objects.values_list("status", flat=True)) == {"paid"}
    assert as_carla.post(f"/api/booking/sessions/{one.pk}/cancel/").status_code == 200
    assert refunds.lane.wait(20)
    assert Booking.objects.get(reference=paid).status == "cancelled"
    assert [refund.status for refund in Refund.objects.all()] == ["succeeded"]
    assert delivery.lane.wait(20)
    subjects = " ".join(letter.subject for letter in mail.outbox)
    for part in ("You are booked", "The studio cancelled", "15.00 GBP is on its way back"):
        assert part in subjects, subjects


def test_who_works_here_is_blocked_by_a_superuser_alone_and_nobody_blocks_themselves(
    desk: Client, ana: Member, ben: Member, carla: Member
) -> None:
    Member.objects.filter(pk=ben.pk).update(is_staff=True)
    manager = staff("members.view_member", "members.block_member")
    for colleague in (ben, carla):
        assert "They work at the studio" in block(manager, colleague)
    assert block(desk, carla) == "Nothing was changed. Nobody blocks themselves."
    dora = Member.objects.get(name="Dora")
    assert block(manager, dora) == "Nothing was changed. Nobody blocks themselves."
    assert (set(Member.objects.values_list("is_active", flat=True)), log()) == ({True}, [])
    assert block(desk, ben).startswith("They are blocked")
    assert "They work at the studio" in fill(manager, ben, "unblock", reason="x")
    assert block(manager, ana).startswith("They are blocked")
    Member.objects.filter(pk=ana.pk).update(is_superuser=True)
    assert "They work at the studio" in fill(manager, ana, "unblock", reason="x")


def test_blocking_asks_for_a_reason_and_for_its_permission(desk: Client, ana: Member) -> None:
    for reason in ("", " ", "x" * 201, "a\0"):
        assert block(desk, ana, reason=reason).startswith("Nothing was changed. Reason: ")
    clerk = staff("members.view_member", "members.change_member")
    assert not offers(shown(clerk, ana), "block")
    for name in ("block", "unblock"):
        assert clerk.post(f"{page(ana)}{name}/", {"reason": "x"}).status_code == 403
    ana.refresh_from_db()
    assert (ana.is_active, log()) == (True, [])


def test_nothing_lets_back_in_who_erased_themselves(desk: Client, sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = Member.objects.get(email=life.EMAIL)
    assert caller.send("DELETE", ME).status_code == 204
    for name in ("block", "unblock"):
        assert not offers(shown(desk, member), name)
        assert "This member was erased" in act(desk, member, name, {"reason": "x"})
    member.refresh_from_db()
    assert (member.is_active, member.is_erased, log()) == (False, True, [])
