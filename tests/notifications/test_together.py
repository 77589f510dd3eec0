"""Messages that are promised at once are read, skipped and noted together; each still goes once, by its own way."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from members.models import Member
from notifications import delivery, outbox
from notifications.models import Message
from notifications.outbox import Letter
from tests.cast import Sandbox
from tests.notifications.mail_server import MailServer, serving

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


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with serving() as server:
        settings.EMAIL_BACKEND = "boundary.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


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


def test_what_another_sender_has_taken_meanwhile_is_left_to_them(crowd: list[Member], settings: Any) -> None:
    settings.TWILIO_CONTENT_SIDS = {}
    messages = [
        Message.objects.create(
            kind="session_cancelled", subject=f"booking:{n}", member=member, variables=SAYS, due_at=now, created_at=now
        )
        for n, member in enumerate(crowd[:2])
        for now in [timezone.now()]
    ]
    read = Message.to_deliver_together([message.pk for message in messages])
    assert messages[0].claim(timezone.now())
    Message.skip_together(read, timezone.now(), "no_template")
    assert [message.status for message in read] == ["queued", "queued"], "as they were read"
    assert [message.record_end(timezone.now(), Message.Status.SKIPPED, "again") for message in read] == [False, False]
    assert outcomes() == [("sending", "", False, ""), ("skipped", "no_template", False, "")]


def test_what_is_put_off_in_a_crowd_is_noted_by_itself(crowd: list[Member], server: MailServer, settings: Any) -> None:
    settings.TWILIO_CONTENT_SIDS = {}
    server.says["RCPT"] = "450 grey"
    owed_to(crowd[:2])
    assert delivery.lane.wait(20)
    assert outcomes() == [("skipped", "no_template", False, "450"), ("skipped", "no_consent", False, "450")]
