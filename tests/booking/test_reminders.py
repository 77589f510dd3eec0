"""Reminders: once for each paid booking, REMINDER_HOURS before it begins."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import reminders
from booking.models import Booking, ClassSession
from members.models import Member
from notifications.models import Message
from tests.cast import Caller, Sandbox, session
from tests.rival import meanwhile


def send_reminders(*args: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("send_reminders", *args, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def booked(caller: Caller, hours: float, paid_hours_ago: float = 2, **fields: Any) -> Booking:
    """A free booking of a session that begins in so many hours."""
    one = session(amount=0, starts_at=timezone.now() + timedelta(hours=hours), **fields)
    reference = caller.book(one).json()["reference"]
    Booking.objects.filter(reference=reference).update(paid_at=timezone.now() - timedelta(hours=paid_hours_ago))
    return Booking.objects.get(reference=reference)


def reminded() -> list[str]:
    return sorted(Message.objects.filter(kind="reminder").values_list("subject", flat=True))


def test_a_booking_is_reminded_of_a_day_before_and_once(as_ana: Caller, sandbox: Sandbox) -> None:
    soon = booked(as_ana, 23)
    booked(as_ana, 25)
    assert send_reminders() == (0, "send_reminders: 1 owed\n")
    assert send_reminders() == (0, "send_reminders: 0 owed\n")
    assert reminded() == [soon.subject]
    call_command("deliver_messages", stdout=StringIO())
    [message] = Message.objects.filter(kind="reminder")
    assert message.status == "sent"
    # The confirmations of the two bookings are on their way in the background, and may arrive after it.
    [sent] = [one for one in sandbox.messages() if one["sid"] == message.sid]
    assert list(sent["variables"].values()) == ["Ana", "Yoga", message.variables["start"], "Studio 1"]


@pytest.mark.parametrize(
    ("row", "change"),
    [
        (ClassSession, {"status": "cancelled"}),
        (Booking, {"status": "cancelled"}),
        (Booking, {"status": "freed"}),
        (ClassSession, {"starts_at": timezone.now() - timedelta(minutes=1)}),
        (Booking, {"paid_at": timezone.now() - timedelta(minutes=30)}),
    ],
    ids=["session cancelled", "booking cancelled", "freed", "begun", "booked just now"],
)
def test_nobody_is_reminded_of_what_is_not_or_is_fresh(as_ana: Caller, row: Any, change: dict[str, Any]) -> None:
    booked(as_ana, 5)
    row.objects.update(**change)
    assert send_reminders() == (0, "send_reminders: 0 owed\n")


def test_who_books_within_the_window_is_reminded_an_hour_later(as_ana: Caller) -> None:
    booking = booked(as_ana, 5, paid_hours_ago=0)
    now = timezone.now()
    assert not reminders.due(now=now + timedelta(minutes=59)).exists()
    assert list(reminders.due(now=now + timedelta(minutes=61))) == [booking]


def test_a_hold_is_not_reminded_of(as_ana: Caller, sandbox: Sandbox) -> None:
    as_ana.book(session(starts_at=timezone.now() + timedelta(hours=5)), "card")
    assert send_reminders() == (0, "send_reminders: 0 owed\n")


def test_hours_are_a_setting_and_none_is_off(as_ana: Caller, settings: Any) -> None:
    booked(as_ana, 5)
    settings.REMINDER_HOURS = 4
    assert send_reminders() == (0, "send_reminders: 0 owed\n")
    settings.REMINDER_HOURS = 0
    assert send_reminders() == (0, "send_reminders: off (REMINDER_HOURS is 0)\n")
    settings.REMINDER_HOURS = 6
    assert send_reminders() == (0, "send_reminders: 1 owed\n")


def test_a_dry_run_writes_nothing(as_ana: Caller) -> None:
    booking = booked(as_ana, 5)
    told = f"{booking.reference}\nsend_reminders: 1 due (dry run, nothing changed)\n"
    assert send_reminders("--dry-run", "--verbosity", "2") == (0, told)
    assert reminded() == []


def test_wrong_usage_is_refused() -> None:
    with pytest.raises(CommandError, match="unrecognized arguments"):
        call_command("send_reminders", "--hours", "3")


def test_a_whole_studio_is_reminded_in_batches_of_few_queries() -> None:
    crowd = session(amount=0, capacity=120, starts_at=timezone.now() + timedelta(hours=5))
    ClassSession.objects.update(seats_taken=120)
    members = Member.objects.bulk_create(Member(email=f"m{number}@example.com") for number in range(120))
    paid_at = timezone.now() - timedelta(days=1)
    Booking.objects.bulk_create(
        Booking(member=one, session=crowd, status="paid", paid_with="free", currency="gbp",
                pay_with="auto", created_at=paid_at, paid_at=paid_at)
        for one in members
    )  # fmt: skip
    now = timezone.now()
    with CaptureQueriesContext(connection) as queries:
        assert [reminders.remind(now=now, limit=50) for _ in range(4)] == [50, 50, 20, 0]
    assert len([one for one in queries if one["sql"].startswith("INSERT")]) == 3
    assert len([one for one in queries if one["sql"].startswith("SELECT")]) == 4
    assert len(reminded()) == 120


def test_two_runs_at_once_remind_once(as_ana: Caller) -> None:
    for hours in (5, 6, 7):
        booked(as_ana, hours)
    now, theirs = timezone.now(), []
    with meanwhile(lambda: theirs.append(reminders.remind(now=now)), before="INSERT"):
        mine = reminders.remind(now=now)
    # On PostgreSQL the twin leaves the rows we look at; on SQLite it cannot be there at all but in our own connection.
    assert (mine, theirs) == (3, [3 if connection.vendor == "sqlite" else 0])
    assert len(reminded()) == 3
