"""Messages that are promised at once are read, skipped and noted together; each still goes once, by its own way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from members.models import Member
from notifications import delivery, fallback, outbox
from notifications.models import Message
from notifications.outbox import Letter
from tests.cast import Sandbox
from tests.notifications.mail_server import MailServer

SAYS = {"name": "A", "title": "Yoga", "start": "Monday", "returns": "Nothing was paid."}
MANY = 12


@pytest.fixture
def crowd(sandbox: Sandbox) -> list[Member]:
    """Every third by WhatsApp, every third by e-mail alone, every third erased."""
    told = (
        {"phone": "+447700900123", "whatsapp_opt_in": True},
        {"phone": "+447700900124"},
        {"email": "erased-{n}@erased.invalid"},
    )
    rows = [{"email": "member{n}@example.com"} | told[n % 3] for n in range(MANY)]
    return [
        Member.objects.create_user(**{k: v.format(n=n) if k == "email" else v for k, v in row.items()})  # type: ignore[arg-type]
        for n, row in enumerate(rows)
    ]


def owed_to(members: list[Member]) -> None:
    letters = [Letter(f"booking:{n}", member, SAYS) for n, member in enumerate(members)]
    outbox.enqueue_all(kind="session_cancelled", letters=letters, now=timezone.now())


def outcomes() -> list[tuple[str, str, bool, str]]:
    rows = Message.objects.order_by("member_id")
    return [(row.status, row.reason, row.emailed_at is not None, row.email_reason) for row in rows]


def test_each_goes_by_its_own_way_and_once(crowd: list[Member], sandbox: Sandbox) -> None:
    owed_to(crowd)
    assert delivery.lane.wait(20)
    by_whatsapp, by_mail = ("sent", "", False, ""), ("skipped", "no_consent", True, "")
    assert outcomes() == [by_whatsapp, by_mail, ("skipped", "erased", False, "no_address")] * (MANY // 3)
    assert len(sandbox.messages()) == MANY // 3
    assert sorted(to for one in mail.outbox for to in one.to) == sorted(
        member.email for member in crowd if member.phone and not member.whatsapp_opt_in
    )
    assert {row.variables["name"] for row in Message.objects.filter(reason="erased")} == {""}


def test_one_that_cannot_be_written_keeps_no_other_back(crowd: list[Member], settings: Any) -> None:
    """A row of a kind that this program does not know, as after going back to an earlier release."""
    settings.TWILIO_CONTENT_SIDS = {}
    with transaction.atomic():
        owed_to(crowd)
        Message.objects.filter(member=crowd[3]).update(kind="of_tomorrow")
    assert delivery.lane.wait(20)
    assert len(mail.outbox) == 2 * MANY // 3 - 1
    assert Message.objects.get(kind="of_tomorrow").email_reason == "sending"
    assert Message.objects.exclude(kind="of_tomorrow").filter(email_reason="sending").count() == 0


def take(message: Message) -> None:
    assert message.claim(timezone.now())


def try_in_vain(message: Message) -> None:
    take(message)
    message.put_off(timezone.now(), Message.Status.QUEUED, "20503")


def skip_and_mail(message: Message) -> None:
    assert message.record_end(timezone.now(), Message.Status.SKIPPED, "no_phone")
    assert fallback.mail(message, now=timezone.now()) == fallback.SENT


@pytest.mark.parametrize(
    ("rival", "left"),
    [
        (take, ("sending", "", False, "")),
        (try_in_vain, ("queued", "20503", False, "")),
        (skip_and_mail, ("skipped", "no_phone", True, "")),
    ],
)
def test_what_another_sender_has_had_meanwhile_is_left_to_them(
    crowd: list[Member], rival: Callable[[Message], None], left: tuple[str, str, bool, str]
) -> None:
    now = timezone.now()
    letters = [Letter(f"booking:{n}", member, SAYS) for n, member in enumerate(crowd[:2])]
    messages = [outbox.draft("session_cancelled", letter, now=now) for letter in letters]
    Message.objects.bulk_create(messages)
    read = Message.to_deliver_together([message.pk for message in messages])
    rival(messages[0])
    mailed = len(mail.outbox)
    Message.skip_together(read, timezone.now(), "no_template")
    fallback.mail_together(read, now=timezone.now())
    assert len(mail.outbox) == mailed
    assert outcomes() == [left, ("skipped", "no_template", False, "")]
    assert [message.status for message in read] == ["queued", "queued"], "as they were read"
    assert [message.email_due_at is not None for message in Message.objects.order_by("member_id")] == [False, True]


def test_what_is_put_off_in_a_crowd_is_noted_by_itself(crowd: list[Member], server: MailServer, settings: Any) -> None:
    settings.TWILIO_CONTENT_SIDS = {}
    server.says["RCPT"] = "450 grey"
    owed_to(crowd[:2])
    assert delivery.lane.wait(20)
    assert outcomes() == [("skipped", "no_template", False, "450"), ("skipped", "no_consent", False, "450")]
