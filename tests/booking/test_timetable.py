"""Rules in the studio's wall time become sessions, and sessions follow their rule when staff say so."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from freezegun import freeze_time

from booking import timetable
from booking.models import Booking, ClassSession, Closure, SessionType, TimetableRule
from boundary import studio_clock
from members.models import Member
from notifications.models import Message
from payments.models import Refund
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, seats_match

MONDAY = date(2027, 1, 4)
NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


def kind(**fields: Any) -> SessionType:
    values = {"minutes": 60, "capacity": 10, "amount": 1500, "currency": "gbp", "credits_required": 1, **fields}
    return SessionType.objects.get_or_create(name=values.pop("name", "Yoga"), defaults=values)[0]


def rule(recurrence: str = "FREQ=WEEKLY;BYDAY=MO", **fields: Any) -> TimetableRule:
    values = {"session_type": kind(), "starts_on": MONDAY, "at": time(18), "location": "Studio 1", **fields}
    return TimetableRule.objects.create(recurrence=recurrence, **values)


def generated(until: date, now: datetime = NOW) -> list[ClassSession]:
    for one in TimetableRule.objects.all():
        timetable.generate(one, until=until, now=now)
    return list(ClassSession.objects.order_by("starts_at"))


def wall(session: ClassSession, zone: str = "Europe/London") -> str:
    return f"{session.starts_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def command(*words: str) -> str:
    output = StringIO()
    call_command("generate_sessions", *words, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("recurrence", "days"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,WE", ["01-04", "01-06", "01-11", "01-13", "01-18", "01-20", "01-25", "01-27"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", ["01-05", "01-19"]),
        ("freq=monthly;byday=3sa", ["01-16"]),
        ("FREQ=DAILY;INTERVAL=10", ["01-04", "01-14", "01-24"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["01-31"]),
    ],
)
def test_a_rule_recurs_as_it_is_written(recurrence: str, days: list[str]) -> None:
    rule(recurrence)
    assert [wall(session)[5:10] for session in generated(date(2027, 1, 31))] == days


@pytest.mark.parametrize(
    "text", ["", "MONDAY", "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY;BYHOUR=3",
             "FREQ=WEEKLY;UNTIL=20270101", "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY\nRRULE:FREQ=DAILY"]
)  # fmt: skip
def test_what_is_no_recurrence_of_days_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TimetableRule(session_type=kind(), recurrence=text, starts_on=MONDAY, at=time(18)).full_clean()


def test_a_session_is_like_its_type_unless_its_rule_says_otherwise() -> None:
    rule(instructor="Isla")
    rule(at=time(19), capacity=4, amount=0, credits_required=0)
    usual, other = generated(MONDAY)
    assert (usual.title, usual.instructor, usual.location, usual.session_type) == ("Yoga", "Isla", "Studio 1", kind())
    assert (usual.capacity, usual.amount, usual.currency, usual.credits_required) == (10, 1500, "gbp", 1)
    assert (other.capacity, other.amount, other.credits_required) == (4, 0, 0)


def test_nothing_is_on_when_the_studio_or_the_rule_is_closed() -> None:
    rule()
    noon = rule(at=time(12))
    Closure.objects.create(first=date(2027, 1, 10), last=date(2027, 1, 12), reason="Holiday")
    Closure.objects.create(first=date(2027, 1, 18), last=date(2027, 1, 18), rule=noon)
    assert [wall(session)[5:] for session in generated(date(2027, 1, 25))] == [
        "01-04 12:00", "01-04 18:00", "01-18 18:00", "01-25 12:00", "01-25 18:00",
    ]  # fmt: skip


def test_generating_again_adds_what_is_missing_and_touches_nothing(carla: Member, ana: Member) -> None:
    rule()
    moved, off, booked = generated(date(2027, 1, 18))
    with freeze_time(NOW, tick=True):
        as_carla = Caller(carla)
        earlier = "2027-01-04T10:00:00Z"
        body = {"starts_at": earlier, "ends_at": "2027-01-04T11:00:00Z", "title": "Special"}
        assert as_carla.patch(f"/api/booking/sessions/{moved.pk}/", body).status_code == 200
        assert as_carla.post(f"/api/booking/sessions/{off.pk}/cancel/").status_code == 200
        give_credits(ana, 1)
        assert Caller(ana).book(booked).status_code == 201
        assert "1 sessions added until 2027-01-25 by 1 rules\n" in command("--until", "2027-01-25")
        assert "0 sessions added" in command("--until", "2027-01-25")
    first, second, third, fourth = ClassSession.objects.order_by("occurs_on")
    assert (first.title, first.starts_at.isoformat()[:16]) == ("Special", earlier[:16])
    assert (second.status, third.seats_taken, fourth.occurs_on) == ("cancelled", 1, date(2027, 1, 25))


def test_two_runs_at_once_make_one_session_of_a_day() -> None:
    one = rule()
    late = timetable.missing([one], until=MONDAY, now=NOW)
    assert timetable.generate(one, until=MONDAY, now=NOW) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        late[0].save(force_insert=True)
    assert timetable.generate(one, until=MONDAY, now=NOW) == 0


def test_what_is_over_and_what_is_ended_is_not_generated() -> None:
    rule(ends_on=date(2027, 1, 18))
    late_on_monday = datetime(2027, 1, 4, 18, 1, tzinfo=UTC)
    assert [wall(session)[5:10] for session in generated(date(2027, 2, 28), late_on_monday)] == ["01-11", "01-18"]


def test_the_command_tells_before_it_acts_and_refuses_what_is_no_day() -> None:
    with freeze_time(NOW, tick=True):
        rule()
        told = command("--until", "2027-01-11", "--dry-run", "-v", "2")
        assert "Yoga 2027-01-04 18:00\n" in told
        assert "2 sessions added until 2027-01-11 by 1 rules (dry run, nothing changed)" in told
        assert not ClassSession.objects.exists()
        assert "8 sessions added until 2027-02-26" in command()
        for wrong in ("soon", "2026-12-31", "2030-01-01"):
            with pytest.raises(CommandError):
                command("--until", wrong)


@pytest.fixture
def coming(as_ana: Caller, ana: Member, sandbox: Sandbox) -> list[ClassSession]:
    """Two Mondays of yoga, the first of them booked by Ana with her card."""
    one = rule("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", starts_on=date(2020, 1, 1))
    today = studio_clock.today(timezone.now())
    timetable.generate(one, until=today + timedelta(days=4), now=timezone.now())
    sessions = list(ClassSession.objects.order_by("starts_at"))[-2:]
    ClassSession.objects.exclude(pk__in=[session.pk for session in sessions]).delete()
    paid_by_card(as_ana, sessions[0], sandbox)
    sessions[0].refresh_from_db()
    return sessions


@pytest.mark.parametrize(
    ("how", "times"),
    [(timetable.KEEP, ["18:00", "18:00"]), (timetable.EMPTY, ["18:00", "19:15"]), (timetable.ALL, ["19:15"] * 2)],
)
def test_the_coming_sessions_follow_a_changed_rule_as_far_as_staff_say(
    coming: list[ClassSession], carla: Member, how: str, times: list[str]
) -> None:
    one = TimetableRule.objects.get()
    one.at, one.location, one.amount = time(19, 15), "Studio 2", 1800
    one.save()
    report = timetable.follow(one, how=how, actor=carla, now=timezone.now())
    assert [wall(session)[-5:] for session in ClassSession.objects.order_by("starts_at")] == times
    assert report.changed == times.count("19:15")
    assert len(report.left) == (how == timetable.EMPTY)
    moved = how == timetable.ALL
    assert Message.objects.filter(kind="session_moved").count() == moved
    assert Booking.objects.get().amount == 1500, "the price agreed stays"
    assert seats_match()


def test_a_day_that_falls_away_is_called_off_and_everything_returned(coming: list[ClassSession], carla: Member) -> None:
    one = TimetableRule.objects.get()
    one.ends_on = coming[0].occurs_on - timedelta(days=1)  # type: ignore[operator]
    one.save()
    report = timetable.follow(one, how=timetable.ALL, actor=carla, now=timezone.now())
    assert (report.called_off, report.left) == (2, [])
    assert set(ClassSession.objects.values_list("status", flat=True)) == {"cancelled"}
    assert (Booking.objects.get().status, Refund.objects.get().amount) == ("cancelled", 1500)
    assert timetable.follow(one, how=timetable.ALL, actor=carla, now=timezone.now()).called_off == 0


def test_a_capacity_below_what_is_taken_is_left_and_told(coming: list[ClassSession], carla: Member) -> None:
    one = TimetableRule.objects.get()
    one.capacity = 0
    one.save()
    report = timetable.follow(one, how=timetable.ALL, actor=carla, now=timezone.now())
    assert report.changed == 1
    assert "1 seats are taken, more than 0" in report.left[0]


def test_a_type_may_have_tiers_of_its_own(as_ana: Caller, coming: list[ClassSession]) -> None:
    SessionType.objects.update(cancellation_tiers="1:40:100")
    reference = Booking.objects.get().reference
    quote = as_ana.get(f"/api/booking/bookings/{reference}/cancellation/").json()
    assert (quote["returns"], quote["amount"]) == ("card", 1500 * 40 // 100 - 100)
