"""What WhatsApp cannot bring goes by e-mail: once, never inside a transaction, and never twice."""

import email
from collections.abc import Callable
from datetime import timedelta
from email import policy
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from members.models import Member
from notifications import delivery, fallback, outbox
from notifications.email import send
from notifications.models import BACK_OFF, Message
from notifications.templates import CATALOGUE, letter
from tests.cast import Caller, Sandbox, session
from tests.notifications.mail_server import CUT, MailServer
from tests.notifications.test_messages import MESSAGES, deliver_messages, due_now, report


@pytest.fixture
def book(as_ana: Caller, ana: Member) -> Callable[..., Message]:
    """Books what is free and waits for what happens in the background."""

    def act(**fields: Any) -> Message:
        reference = as_ana.book(session(amount=0, **fields)).json()["reference"]
        assert delivery.lane.wait(20)
        return Message.objects.get(subject=f"booking:{reference}")

    return act


@pytest.fixture
def no_consent(ana: Member, sandbox: Sandbox) -> None:
    Member.objects.update(whatsapp_opt_in=False)


def mail_due_now() -> None:
    Message.objects.exclude(email_due_at=None).update(email_due_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("change", "setting", "reason"),
    [
        ({"whatsapp_opt_in": False}, {}, "no_consent"),
        ({"phone": ""}, {}, "no_phone"),
        ({}, {"TWILIO_CONTENT_SIDS": {}}, "no_template"),
        ({}, {"MESSAGING_ENABLED": False}, "not_configured"),
    ],
    ids=["consent", "phone", "template", "twilio"],
)
def test_what_is_skipped_for_a_reason_goes_by_e_mail(
    book: Any, sandbox: Sandbox, settings: Any, change: dict[str, Any], setting: dict[str, Any], reason: str
) -> None:
    if change:
        Member.objects.update(**change)
    for name, value in setting.items():
        setattr(settings, name, value)
    message = book()
    assert (message.status, message.reason, sandbox.messages()) == ("skipped", reason, [])
    [sent] = mail.outbox
    reference = message.subject.removeprefix("booking:")
    assert sent.to == ["ana@example.com"]
    assert sent.subject == f"You are booked: Yoga, {message.variables['start']}"
    assert sent.body.startswith(f"Hi Ana, you are booked: Yoga, {message.variables['start']}. Reference {reference}.")
    assert f"\nhttp://localhost:8000/?booking={reference}\n" in sent.body
    assert (message.emailed_at is not None, message.email_due_at, message.email_reason) == (True, None, "")


def test_what_whatsapp_brings_is_not_mailed(book: Any, sandbox: Sandbox) -> None:
    message = book()
    for status in ("sent", "delivered", "read"):
        report(message, status)
    assert delivery.lane.wait(20)
    message.refresh_from_db()
    assert (message.status, message.emailed_at, mail.outbox) == ("read", None, [])


def test_what_twilio_refuses_for_good_is_mailed(book: Any, sandbox: Sandbox) -> None:
    Member.objects.update(phone="+15005550001")
    message = book()
    assert (message.status, message.reason, len(mail.outbox)) == ("failed", "21211", 1)
    assert message.emailed_at is not None


@pytest.mark.parametrize("status", ["undelivered", "failed"])
def test_what_never_reached_the_phone_is_mailed_once(book: Any, sandbox: Sandbox, status: str) -> None:
    message = book()
    assert mail.outbox == []
    for _ in range(3):
        assert report(message, status, "63024").status_code == 204
        assert delivery.lane.wait(20)
    message.refresh_from_db()
    assert (message.status, message.reason, len(mail.outbox)) == ("failed", "63024", 1)


def test_what_is_given_up_on_whatsapp_is_mailed(book: Any, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", MESSAGES, status=503, times=100)
    book()
    for _ in range(len(BACK_OFF)):
        assert mail.outbox == []
        due_now()
        code, line = deliver_messages()
    assert (code, line) == (0, "deliver_messages: e-mailed 1, failed 1\n")
    assert len(mail.outbox) == 1


def test_who_has_left_gets_no_mail(ana: Member, no_consent: None) -> None:
    Member.objects.update(email="erased-1@members.invalid")
    variables = {"name": "Ana", "title": "Yoga", "start": "soon"}
    outbox.enqueue(kind="hold_expired", subject="booking:X", member=ana, variables=variables, now=timezone.now())
    assert delivery.lane.wait(20)
    message = Message.objects.get()
    assert (message.status, message.reason, mail.outbox) == ("skipped", "no_consent", [])
    assert (message.emailed_at, message.email_due_at, message.email_reason) == (None, None, "no_address")
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")


def test_a_mail_server_that_is_down_delays_the_mail_and_nothing_else(
    book: Any, no_consent: None, server: MailServer, settings: Any
) -> None:
    settings.EMAIL_PORT = 1
    message = book()
    assert (message.status, message.reason) == ("skipped", "no_consent")
    assert (message.emailed_at, message.email_reason) == (None, "ConnectionRefusedError")
    assert message.email_due_at > timezone.now()
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")
    mail_due_now()
    assert deliver_messages() == (1, "deliver_messages: e-mail put off 1\n")
    settings.EMAIL_PORT = server.port
    mail_due_now()
    assert deliver_messages() == (0, "deliver_messages: e-mailed 1\n")
    message.refresh_from_db()
    assert (len(server.mails), message.email_attempts, message.email_reason) == (1, 2, "")
    assert message.emailed_at is not None


@pytest.mark.parametrize(
    ("word", "answer", "reason"),
    [
        ("MAIL", "421 closing", "421"),
        ("MAIL", "550 not from you", "550"),
        ("RCPT", "450 grey", "450"),
        ("DATA", "451 not now", "451"),
        ("END", "452 disk full", "452"),
        ("MAIL", CUT, "SMTPServerDisconnected"),
        ("RCPT", CUT, "SMTPServerDisconnected"),
    ],
)
def test_what_was_surely_not_taken_is_tried_again(
    book: Any, no_consent: None, server: MailServer, word: str, answer: str, reason: str
) -> None:
    server.says[word] = answer
    message = book()
    assert (message.emailed_at, message.email_reason, message.email_attempts) == (None, reason, 1)
    server.says.clear()
    server.mails.clear()
    mail_due_now()
    assert deliver_messages() == (0, "deliver_messages: e-mailed 1\n")
    assert len(server.mails) == 1


@pytest.mark.parametrize(("word", "answer"), [("RCPT", "550 no such person"), ("DATA", "554 no"), ("END", "554 spam")])
def test_what_is_refused_for_good_is_not_tried_again(
    book: Any, no_consent: None, server: MailServer, word: str, answer: str
) -> None:
    server.says[word] = answer
    message = book()
    assert (message.emailed_at, message.email_due_at) == (None, None)
    assert message.email_reason == f"refused: {answer[:3]}"


def test_a_line_cut_after_the_text_has_left_sends_no_second_mail(
    book: Any, no_consent: None, server: MailServer
) -> None:
    server.says["END"] = CUT
    message = book()
    assert (message.status, message.email_reason) == ("skipped", "unknown: SMTPServerDisconnected")
    assert message.emailed_at is not None
    server.says.clear()
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")
    assert len(server.mails) == 1


def test_an_address_that_is_none_is_refused(book: Any, no_consent: None, server: MailServer) -> None:
    Member.objects.update(email="ana@example.com, thief@example.com")
    message = book()
    assert (message.emailed_at, message.email_due_at, message.email_reason) == (None, None, "refused: address")


def test_after_the_last_attempt_the_mail_is_given_up(book: Any, no_consent: None, server: MailServer) -> None:
    server.says["RCPT"] = "450 grey"
    message = book()
    for _ in BACK_OFF:
        mail_due_now()
        deliver_messages()
    message.refresh_from_db()
    assert (message.emailed_at, message.email_due_at, message.email_reason) == (None, None, "gave up: 450")


def test_two_senders_mail_once(book: Any, no_consent: None, server: MailServer) -> None:
    server.says["RCPT"] = "450 grey"
    message = book()
    server.says.clear()
    mail_due_now()
    first, second = Message.objects.get(), Message.objects.get()
    assert first.claim_email(timezone.now())
    assert not second.claim_email(timezone.now())
    assert fallback.deliver(message.pk, now=timezone.now()) == ""
    # The first dies here: nobody knows what it did, so nobody does it again.
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")
    message.refresh_from_db()
    assert (message.email_reason, server.mails) == ("sending", [])


def test_a_phone_that_got_it_after_all_needs_no_mail(book: Any, sandbox: Sandbox, server: MailServer) -> None:
    server.says["RCPT"] = "450 grey"
    message = book()
    report(message, "failed", "63024")
    assert delivery.lane.wait(20)
    report(message, "delivered")
    server.says.clear()
    message.refresh_from_db()
    assert (message.status, message.email_due_at) == ("delivered", None)
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")


@pytest.mark.parametrize("lines", ["\n", "\r\n", "\r", "\x0b", "\u2028", "\x00"], ids=ascii)
def test_a_line_break_in_a_name_or_title_is_no_header(
    book: Any, no_consent: None, server: MailServer, lines: str, settings: Any
) -> None:
    from django.db import connection

    if lines == "\x00" and connection.vendor == "postgresql":
        return  # no text column of PostgreSQL holds one
    Member.objects.update(name=f"Ana{lines}Bcc: thief@example.com")
    book(title=f"Yoga{lines}Bcc: thief@example.com{lines}{lines}Hello")
    [text] = server.mails
    parsed = email.message_from_string(text, policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["To"] == "ana@example.com"
    assert parsed["Subject"].startswith("You are booked: Yoga Bcc: thief@example.com Hello, ")
    assert parsed.get_content().startswith("Hi Ana Bcc: thief@example.com, you are booked")


def test_no_mail_leaves_inside_a_transaction(book: Any, no_consent: None) -> None:
    message = book()
    with pytest.raises(RuntimeError, match="inside a transaction"), transaction.atomic():
        send(message)
    assert len(mail.outbox) == 1


def test_in_development_the_mail_is_printed_beside_the_summary_of_a_command(
    book: Any, ana: Member, settings: Any, capfd: Any
) -> None:
    settings.EMAIL_BACKEND = "boundary.mail.ConsoleBackend"
    message = book()
    printed = capfd.readouterr()
    assert "Subject: You are booked: Yoga" in printed.err
    assert "To: ana@example.com" in printed.err
    assert printed.out == ""
    assert (message.status, message.reason) == ("skipped", "not_configured")


def test_a_link_that_is_no_booking_leads_to_the_studio(ana: Member, no_consent: None) -> None:
    variables = {"name": "Ana", "amount": "15.00 GBP", "title": "Yoga"}
    outbox.enqueue(kind="refund_done", subject="refund:X", member=ana, variables=variables, now=timezone.now())
    assert delivery.lane.wait(20)
    assert "\nhttp://localhost:8000/\n" in mail.outbox[0].body


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_kind_reads_well_as_a_mail(kind: str) -> None:
    subject, text = letter(kind, {name: f"<{name}>" for name in CATALOGUE[kind].variables})
    assert subject
    assert "{" not in subject + text
    assert all(f"<{name}>" in text for name in CATALOGUE[kind].variables)


def test_staff_see_in_the_admin_what_was_mailed(book: Any, no_consent: None) -> None:
    book()
    staff = Member.objects.create_superuser("root@example.com", "root-and-the-wall")
    browser = Client()
    browser.force_login(staff)
    assert "Emailed at" in browser.get("/admin/notifications/message/").text
