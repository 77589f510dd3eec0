"""Staff send a message again: as one more, once however often they press, and what was told stays as it was told."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from members.models import Member, StaffAct
from notifications import delivery
from notifications.models import Message
from tests.booking.counter import act, at_once, form, log, offers, page, shown, staff
from tests.cast import Caller, Sandbox, give_credits, session
from tests.members import life

pytestmark = pytest.mark.usefixtures("laws")


@pytest.fixture
def told(as_ana: Caller, ana: Member, sandbox: Sandbox) -> Message:
    """Ana's confirmation, which has reached her phone."""
    give_credits(ana, 1)
    as_ana.book(session(), "credits")
    assert delivery.lane.wait(20)
    message = Message.objects.get()
    assert message.status == "sent"
    return message


def again(browser: Client, ana: Member, message: Message) -> str:
    said = act(browser, ana, "resend", {"message": message.pk})
    assert delivery.lane.wait(20)
    return said


def ways(sandbox: Sandbox) -> tuple[int, int]:
    """How many have gone by WhatsApp, and how many by e-mail."""
    return len(sandbox.messages()), len(mail.outbox)


def test_what_was_sent_is_sent_once_more_as_it_read(
    desk: Client, ana: Member, carla: Member, told: Message, sandbox: Sandbox
) -> None:
    assert form(shown(desk, ana), "resend") == {"message": str(told.pk)}
    assert again(desk, ana, told) == "The message is sent again."
    assert again(desk, ana, told) == "It was sent again already; look at the latest one."
    first, second = Message.objects.order_by("created_at")
    assert (second.kind, second.subject, second.status) == (told.kind, f"{told.subject}:again", "sent")
    assert (first.sid, second.variables) == (told.sid, told.variables)
    assert first.sid != second.sid
    assert ways(sandbox) == (2, 0)
    line = StaffAct.objects.get()
    assert (line.act, line.subject, line.actor) == ("resend", f"message:{told.pk}", carla)
    assert (line.before["status"], line.after) == ("sent", {"subject": second.subject})


def test_the_page_offers_it_for_the_latest_one_alone_and_three_times_at_most(
    desk: Client, ana: Member, told: Message, sandbox: Sandbox
) -> None:
    latest = told
    for _ in range(3):
        assert shown(desk, ana).count('value="Send again"') == 1
        assert again(desk, ana, latest) == "The message is sent again."
        latest = Message.objects.get(subject=f"{latest.subject}:again")
    assert not offers(shown(desk, ana), "resend")
    assert again(desk, ana, latest) == "Nothing was changed. It was sent again 3 times already; call the member."
    assert (ways(sandbox), len(log())) == ((4, 0), 3)


def test_twenty_clicks_at_once_send_one(desk: Client, ana: Member, told: Message, sandbox: Sandbox) -> None:
    at_once(*[lambda: desk.post(f"{page(ana)}resend/", {"message": told.pk})] * 20)
    assert delivery.lane.wait(20)
    assert (ways(sandbox), len(log())) == ((2, 0), 1)


def test_what_reached_nobody_goes_the_way_that_is_open_now_and_needs_no_attention_then(
    desk: Client, as_ana: Caller, ana: Member, sandbox: Sandbox
) -> None:
    ana.phone, email = "", ana.email
    ana.email = "ana@example.invalid"
    ana.save()
    give_credits(ana, 1)
    reference = as_ana.book(session(), "credits").json()["reference"]
    assert delivery.lane.wait(20)
    lost = Message.objects.get()
    assert (lost.status, lost.reason, lost.email_reason) == ("skipped", "no_phone", "no_address")
    assert "Messages that reached nobody" in desk.get("/admin/attention/").content.decode()
    ana.email = email
    ana.save()
    assert again(desk, ana, lost) == "The message is sent again."
    [letter] = mail.outbox
    assert (letter.to, letter.body.endswith(f"/?booking={reference}\n")) == ([email], True)
    assert "Messages that reached nobody" not in desk.get("/admin/attention/").content.decode()
    ana.phone = "+447700900123"
    ana.save()
    assert again(desk, ana, Message.objects.get(subject=f"{lost.subject}:again")) == "The message is sent again."
    assert ways(sandbox) == (1, 1)
    lost.refresh_from_db()
    assert (lost.status, lost.reason) == ("skipped", "no_phone")


@pytest.mark.parametrize(
    "fields",
    [{"status": "queued"}, {"status": "sending"}, {"status": "unknown"},
     {"status": "failed", "reason": "x", "email_due_at": timezone.now()}],
    ids=["queued", "being sent", "unknown", "by e-mail soon"],
)  # fmt: skip
def test_what_is_still_on_its_way_is_not_sent_again(
    desk: Client, ana: Member, told: Message, sandbox: Sandbox, fields: dict[str, Any]
) -> None:
    Message.objects.update(**fields)
    assert again(desk, ana, told) == "Nothing was changed. It is still on its way."
    assert not offers(shown(desk, ana), "resend")
    assert (Message.objects.count(), log()) == (1, [])


def test_the_message_of_another_member_or_of_nobody_is_not_sent(
    desk: Client, ana: Member, ben: Member, told: Message
) -> None:
    for message in (told.pk, "00000000-0000-4000-8000-000000000000"):
        assert "no such message to this member" in act(desk, ben, "resend", {"message": message})
    for message in ("", "1", "x" * 99):
        assert act(desk, ana, "resend", {"message": message}).startswith("Nothing was changed.")
    Message.objects.update(kind="carrier_pigeon")
    assert "Nobody knows any more how it read" in act(desk, ana, "resend", {"message": told.pk})
    assert not offers(shown(desk, ana), "resend")
    assert (Message.objects.count(), log()) == (1, [])
    Message.objects.update(kind=told.kind)


def test_who_may_not_send_messages_sends_none(ana: Member, told: Message) -> None:
    reader = staff("members.view_member", "notifications.view_message", "notifications.change_message")
    assert not offers(shown(reader, ana), "resend")
    assert reader.post(f"{page(ana)}resend/", {"message": told.pk}).status_code == 403
    sender = staff("members.view_member", "notifications.view_message", "notifications.add_message")
    assert again(sender, ana, told) == "The message is sent again."


def test_nothing_is_told_to_who_erased_themselves(desk: Client, sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = Member.objects.get(email=life.EMAIL)
    give_credits(member, 1)
    caller.book(session(), "credits")
    assert delivery.lane.wait(20)
    message = Message.objects.get()
    assert caller.send("DELETE", "/api/members/me/").status_code == 204
    assert not offers(shown(desk, member), "resend")
    assert "This member was erased" in again(desk, member, message)
    assert (Message.objects.count(), log()) == (1, [])
