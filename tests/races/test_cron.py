"""Cron on several hosts at one instant: the commands that no other race is about."""

from datetime import time, timedelta

import pytest
from django.utils import timezone

from booking.models import Booking, ClassSession, SessionType, TimetableRule
from members.models import Member
from notifications import delivery
from notifications.models import Message
from tests.cast import Sandbox, session
from tests.races import laws
from tests.races.clients import together
from tests.races.conftest import Ready
from tests.races.crowd import crowd
from tests.races.sizes import RUNS

pytestmark = pytest.mark.load

MEMBERS = 20


def at_one_instant(ready: Ready, *words: str) -> None:
    """Every run of a command ends well, and there are several."""
    runs = together(ready(*words, runs=RUNS))
    assert {run.status for run in runs} == {0}, [run.said for run in runs]


def test_everybody_is_reminded_once_and_told_once(ready: Ready, sandbox: Sandbox) -> None:
    yoga = session(amount=0, capacity=MEMBERS, starts_at=timezone.now() + timedelta(hours=5))
    members = crowd(MEMBERS)
    for number, member in enumerate(Member.objects.order_by("id")):
        Member.objects.filter(pk=member.pk).update(phone=f"+4477009{number:05}", whatsapp_opt_in=True)
    for caller in members:
        assert caller.book(yoga).status_code == 201
    assert delivery.lane.wait(20)
    Booking.objects.update(paid_at=timezone.now() - timedelta(hours=2))
    confirmed = {one["sid"] for one in sandbox.messages()}
    assert len(confirmed) == MEMBERS

    at_one_instant(ready, "send_reminders")
    at_one_instant(ready, "deliver_messages")
    at_one_instant(ready, "check_integrity")

    reminders = Message.objects.filter(kind="reminder")
    assert reminders.count() == MEMBERS
    sent = [one["sid"] for one in sandbox.messages() if one["sid"] not in confirmed]
    assert sorted(sent) == sorted(reminders.values_list("sid", flat=True))
    assert laws.broken() == []


def test_the_timetable_is_laid_out_once(ready: Ready) -> None:
    kind = SessionType.objects.create(name="Yoga", minutes=60, capacity=10, amount=0, currency="gbp")
    today = timezone.now().date()
    for hour in (7, 12, 18):
        TimetableRule.objects.create(
            session_type=kind, starts_on=today, at=time(hour), location="Studio 1", recurrence="FREQ=DAILY"
        )
    at_one_instant(ready, "generate_sessions")
    starts = list(ClassSession.objects.values_list("starts_at", flat=True))
    assert len(starts) == len(set(starts)) > 3 * 50
