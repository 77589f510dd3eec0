"""The outbox: owed with the fact, sent once after the commit, moved forward by Twilio's reports."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from booking.models import Booking
from members.models import Member
from notifications import delivery, outbox
from notifications.models import BACK_OFF, Message
from tests.cast import Caller, Sandbox, age, give_credits, session

MESSAGES = "/Messages.json$"


@pytest.fixture
def book(as_ana: Caller, ana: Member) -> Callable[[], Message]:
    """Books with a credit and waits for what happens in the background."""

    def act() -> Message:
        give_credits(ana, 1)
        reference = as_ana.book(session()).json()["reference"]
        assert delivery.lane.wait(20)
        return Message.objects.get(subject=f"booking:{reference}")

    return act


def deliver_messages(*args: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("deliver_messages", *args, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def due_now() -> None:
    Message.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def report(message: Message, status: str, error: str = "", token: str | None = None) -> Any:
    """Twilio's status callback, its signature really computed."""
    from django.conf import settings

    path = f"/api/notifications/twilio/status/{message.pk}/"
    fields = {"MessageSid": message.sid or "SM_from_callback", "MessageStatus": status, "ErrorCode": error}
    token = settings.TWILIO_AUTH_TOKEN if token is None else token
    signature = RequestValidator(token).compute_signature(settings.PUBLIC_BASE_URL + path, fields)
    return Client().post(path, fields, headers={"X-Twilio-Signature": signature})


def test_a_paid_booking_is_confirmed_by_the_template_in_the_background(book: Any, sandbox: Sandbox) -> None:
    message = book()
    assert (message.kind, message.status, message.attempts) == ("booking_paid", "sent", 1)
    [sent] = sandbox.messages()
    assert sent["to"] == "whatsapp:+447700900123"
    assert sent["sid"] == message.sid
    start = message.variables["start"]
    assert list(sent["variables"].values()) == ["Ana", "Yoga", start, message.subject.removeprefix("booking:")]


def test_the_start_is_told_in_studio_time(as_ana: Caller, sandbox: Sandbox) -> None:
    from datetime import datetime

    summer = datetime.fromisoformat("2027-07-01T17:00:00+00:00")
    as_ana.book(session(amount=0, starts_at=summer))
    assert Message.objects.get().variables["start"] == "Thu 1 Jul 2027, 18:00"


def test_nothing_is_sent_for_a_booking_that_rolls_back(ana: Member, sandbox: Sandbox) -> None:
    with transaction.atomic():
        outbox.enqueue(kind="booking_paid", subject="X", member=ana, variables={"name": "Ana"}, now=timezone.now())
        transaction.set_rollback(True)
    assert delivery.lane.wait(20)
    assert (Message.objects.count(), sandbox.messages()) == (0, [])


def test_one_message_per_kind_and_subject_ever(ana: Member, sandbox: Sandbox) -> None:
    variables = {"name": "Ana", "title": "Yoga", "start": "soon", "reference": "X"}
    for _ in range(3):
        outbox.enqueue(kind="booking_paid", subject="booking:X", member=ana, variables=variables, now=timezone.now())
        assert delivery.lane.wait(20)
    assert (Message.objects.count(), len(sandbox.messages())) == (1, 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"whatsapp_opt_in": False}, "no_consent"), ({"phone": ""}, "no_phone")],
    ids=["consent", "phone"],
)
def test_without_consent_or_phone_it_is_skipped_for_that_reason(
    book: Any, sandbox: Sandbox, change: dict[str, Any], reason: str
) -> None:
    Member.objects.update(**change)
    message = book()
    assert (message.status, message.reason, sandbox.messages()) == ("skipped", reason, [])


def test_a_kind_without_a_template_is_skipped(book: Any, sandbox: Sandbox, settings: Any) -> None:
    settings.TWILIO_CONTENT_SIDS = {}
    message = book()
    assert (message.status, message.reason) == ("skipped", "no_template")


def test_without_twilio_it_is_printed_in_development_and_skipped(book: Any, settings: Any, caplog: Any) -> None:
    settings.DEBUG = True
    with caplog.at_level(logging.INFO, logger="notifications.delivery"):
        message = book()
    assert (message.status, message.reason) == ("skipped", "not_configured")
    assert "you are booked: Yoga" in caplog.text
    assert "+4477" not in caplog.text


@pytest.mark.parametrize(
    ("number", "reason"), [("+15005550001", "21211"), ("+15005550009", "21610")], ids=["bad number", "opted out"]
)
def test_a_refusal_for_good_is_recorded_and_not_tried_again(
    book: Any, sandbox: Sandbox, number: str, reason: str
) -> None:
    Member.objects.update(phone=number)
    message = book()
    assert (message.status, message.reason, message.attempts) == ("failed", reason, 1)
    due_now()
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")
    assert Booking.objects.get().status == "paid"


@pytest.mark.parametrize("status", [429, 503])
def test_not_now_is_tried_again_after_a_while(book: Any, sandbox: Sandbox, status: int) -> None:
    sandbox.fault("status_before", MESSAGES, status=status)
    message = book()
    assert (message.status, message.attempts) == ("queued", 1)
    assert message.due_at > timezone.now()
    assert deliver_messages() == (0, "deliver_messages: nothing due\n")
    due_now()
    assert deliver_messages() == (0, "deliver_messages: sent 1\n")
    assert len(sandbox.messages()) == 1


def test_twilio_being_down_delays_the_message_and_nothing_else(book: Any, sandbox: Sandbox, settings: Any) -> None:
    base, settings.TWILIO_API_BASE = settings.TWILIO_API_BASE, "http://127.0.0.1:1"
    message = book()
    assert (message.status, message.reason) == ("queued", "no_connection")
    due_now()
    code, line = deliver_messages()
    assert (code, line) == (1, "deliver_messages: queued 1\n")
    settings.TWILIO_API_BASE = base
    due_now()
    assert deliver_messages()[0] == 0
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize("fault", ["reset_after", "status_after", "garbage"])
def test_an_answer_that_was_lost_sends_no_second_message(book: Any, sandbox: Sandbox, fault: str) -> None:
    more = {"status": 500} if fault == "status_after" else {}
    sandbox.fault(fault, MESSAGES, **more)
    message = book()
    assert message.status == "unknown"
    due_now()
    assert deliver_messages()[0] == 0
    message.refresh_from_db()
    assert (message.status, message.sid) == ("sent", sandbox.messages()[0]["sid"])
    assert len(sandbox.messages()) == 1


def test_after_a_timeout_twilio_is_given_ten_minutes(book: Any, sandbox: Sandbox, settings: Any) -> None:
    settings.TIMEOUTS = replace(settings.TIMEOUTS, twilio=0.5)
    sandbox.fault("hang_after", MESSAGES, seconds=2)
    message = book()
    assert (message.status, message.reason) == ("unknown", "timeout")
    assert message.due_at > timezone.now() + timedelta(minutes=9)


def test_a_message_that_never_arrived_is_sent_after_a_look(book: Any, sandbox: Sandbox) -> None:
    sandbox.fault("reset_before", MESSAGES)
    assert book().status == "unknown"
    due_now()
    assert deliver_messages()[0] == 0
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize("faults", [("reset_before", "reset_after"), ("reset_after", "reset_before")])
def test_two_lost_answers_to_one_number_are_told_apart(
    as_ana: Caller, sandbox: Sandbox, faults: tuple[str, str]
) -> None:
    references = set()
    for fault, title in zip(faults, ("Yoga", "Spin"), strict=True):
        sandbox.fault(fault, MESSAGES)
        references.add(as_ana.book(session(title=title, amount=0)).json()["reference"])
        assert delivery.lane.wait(20)
    due_now()
    assert deliver_messages() == (0, "deliver_messages: sent 2\n")
    told = [sent["variables"]["4"] for sent in sandbox.messages()]
    assert (sorted(told), set(Message.objects.values_list("status", flat=True))) == (sorted(references), {"sent"})
    assert set(Message.objects.values_list("sid", flat=True)) == {sent["sid"] for sent in sandbox.messages()}


def test_an_expired_hold_is_not_taken_for_the_booking_that_followed(as_ana: Caller, sandbox: Sandbox) -> None:
    yoga = session()
    sandbox.fault("reset_before", MESSAGES)
    held = as_ana.book(yoga, "card").json()["reference"]
    age(held, 31)
    call_command("expire_pending_bookings", stdout=StringIO())
    assert delivery.lane.wait(20)
    sandbox.fault("reset_after", MESSAGES)
    give_credits(Member.objects.get(), 1)
    paid = as_ana.book(yoga).json()["reference"]
    assert delivery.lane.wait(20)
    assert set(Message.objects.values_list("status", flat=True)) == {"unknown"}
    due_now()
    assert deliver_messages() == (0, "deliver_messages: sent 2\n")
    by_kind = {sent["content_sid"]: sent["variables"] for sent in sandbox.messages()}
    assert [variables.get("4") for variables in by_kind.values()] == [None, paid]
    assert len(sandbox.messages()) == 2


def test_a_sender_that_died_is_taken_over(book: Any, sandbox: Sandbox) -> None:
    message = book()
    long_ago = timezone.now() - timedelta(minutes=3)
    Message.objects.update(status="sending", claimed_at=long_ago, sid="")
    assert deliver_messages()[0] == 0
    message.refresh_from_db()
    assert (message.status, len(sandbox.messages())) == ("sent", 1)


def test_after_the_last_attempt_it_fails(book: Any, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", MESSAGES, status=503, times=100)
    message = book()
    for _ in range(len(BACK_OFF)):
        due_now()
        deliver_messages()
    message.refresh_from_db()
    assert (message.status, message.reason) == ("failed", "gave up: 20503")


def test_two_senders_send_once(book: Any, sandbox: Sandbox, settings: Any) -> None:
    sandbox.fault("status_before", MESSAGES, status=503)
    message = book()
    due_now()
    first, second = Message.objects.get(), Message.objects.get()
    assert first.claim(timezone.now())
    assert not second.claim(timezone.now())
    assert delivery.deliver(message.pk, now=timezone.now()) == ""
    assert sandbox.messages() == []


def test_reports_move_the_row_forward_only(book: Any, sandbox: Sandbox) -> None:
    message = book()
    for status, stands in [
        ("delivered", "delivered"), ("sent", "delivered"), ("read", "read"), ("delivered", "read"),
        ("failed", "read"), ("queued", "read"), ("nonsense", "read"),
    ]:  # fmt: skip
        assert report(message, status).status_code == 204
        message.refresh_from_db()
        assert message.status == stands


def test_a_report_of_failure_tells_why(book: Any, sandbox: Sandbox) -> None:
    message = book()
    report(message, "undelivered", "63024")
    message.refresh_from_db()
    assert (message.status, message.reason) == ("failed", "63024")


def test_a_report_proves_that_a_lost_answer_had_arrived(book: Any, sandbox: Sandbox) -> None:
    sandbox.fault("reset_after", MESSAGES)
    message = book()
    report(message, "delivered")
    due_now()
    deliver_messages()
    message.refresh_from_db()
    assert (message.status, message.sid, len(sandbox.messages())) == ("delivered", "SM_from_callback", 1)


def test_a_forged_report_is_refused(book: Any, sandbox: Sandbox, settings: Any) -> None:
    message = book()
    assert report(message, "read", token="guess").status_code == 403
    path = f"/api/notifications/twilio/status/{message.pk}/"
    assert Client().post(path, {"MessageStatus": "read"}).status_code == 403
    settings.TWILIO_AUTH_TOKEN = ""
    assert report(message, "read", token="").status_code == 403
    message.refresh_from_db()
    assert message.status == "sent"
    assert Client().get(path).status_code == 405


@pytest.mark.parametrize(
    "name",
    ["A\nB\tC", "{name} {{1}} %s", "", "   ", "x" * 5000, "عنا 🧘"],
    ids=["lines", "braces", "empty", "blank", "long", "rtl"],
)
def test_any_name_makes_a_message_that_twilio_takes(book: Any, sandbox: Sandbox, ana: Member, name: str) -> None:
    Member.objects.update(name=name[:150])
    message = book()
    assert message.status == "sent"
    [sent] = sandbox.messages()
    assert "\n" not in sent["variables"]["1"]
    assert sent["variables"]["1"]


def test_an_unknown_kind_in_the_settings_is_a_warning_of_check(settings: Any) -> None:
    settings.TWILIO_CONTENT_SIDS = {"booking_payed": "HX1", "booking_paid": "HX2"}
    [warning] = [found for found in Message.check() if found.id == "notifications.W001"]
    assert "booking_payed" in warning.msg
