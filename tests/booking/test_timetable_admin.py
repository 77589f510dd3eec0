"""The timetable where staff live."""

from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import timetable
from booking.models import ClassSession, TimetableRule
from boundary import studio_clock
from tests.booking.test_timetable import rule

RULES = "/admin/booking/timetablerule/"


def filled(one: TimetableRule, **changes: Any) -> dict[str, Any]:
    """What the form of a rule sends."""
    values = {"session_type": one.session_type_id, "recurrence": one.recurrence, "starts_on": one.starts_on,
              "ends_on": "", "at": one.at, "instructor": "", "location": one.location, "capacity": "", "amount": "",
              "credits_required": "", "closures-TOTAL_FORMS": 0, "closures-INITIAL_FORMS": 0}  # fmt: skip
    return values | changes


@pytest.fixture
def daily() -> TimetableRule:
    """Yoga every day, in the schedule for three days to come."""
    today = studio_clock.today(timezone.now())
    one = rule("FREQ=DAILY", starts_on=today)
    timetable.generate(one, until=today + timedelta(days=3), now=timezone.now())
    return one


def test_a_changed_rule_asks_what_becomes_of_what_is_there(desk: Client, daily: TimetableRule) -> None:
    asked = desk.post(f"{RULES}{daily.pk}/change/", filled(daily, at="07:30"))
    assert asked.status_code == 200
    assert b"Say what becomes of the sessions" in asked.content
    daily.refresh_from_db()
    assert daily.at == time(18)
    before = ClassSession.objects.filter(starts_at__gt=timezone.now()).count()
    told = desk.post(f"{RULES}{daily.pk}/change/", filled(daily, at="20:30", existing="all"), follow=True)
    assert f"Coming sessions: {before} changed, 0 called off." in told.content.decode()
    changed = ClassSession.objects.filter(starts_at__gt=timezone.now())
    assert {timezone.localtime(one.starts_at, ZoneInfo("Europe/London")).hour for one in changed} == {20}


def test_a_rule_without_coming_sessions_is_changed_without_a_question(desk: Client) -> None:
    one = rule(starts_on=date(2090, 1, 2))
    assert desk.post(f"{RULES}{one.pk}/change/", filled(one, at="07:30")).status_code == 302
    one.refresh_from_db()
    assert one.at == time(7, 30)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"recurrence": "FREQ=NOW"}, "FREQ is DAILY"),
        ({"ends_on": "2026-01-01"}, "A rule ends after it starts."),
        ({"amount": 5}, "The least that can be charged in gbp is 30."),
        ({"capacity": 100_001}, "At most 100000."),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(desk: Client, changes: dict[str, Any], told: str) -> None:
    one = rule(starts_on=date(2090, 1, 2))
    answer = desk.post(f"{RULES}{one.pk}/change/", filled(one, **changes))
    assert answer.status_code == 200
    assert told in answer.content.decode()


def test_a_kind_of_session_has_the_limits_of_sessions(desk: Client) -> None:
    values = {"name": "Spin", "description": "", "minutes": 45, "capacity": 8, "amount": 5, "currency": "gbp",
              "credits_required": 1, "cancellation_tiers": "24"}  # fmt: skip
    answer = desk.post("/admin/booking/sessiontype/add/", values).content.decode()
    assert "The least that can be charged" in answer
    assert "is not of the form hours:percent" in answer
    assert (
        desk.post(
            "/admin/booking/sessiontype/add/", values | {"amount": 900, "cancellation_tiers": "24:50"}
        ).status_code
        == 302
    )


def test_an_action_puts_eight_weeks_into_the_schedule(desk: Client) -> None:
    one = rule("FREQ=WEEKLY", starts_on=studio_clock.today(timezone.now()) + timedelta(days=1))
    told = desk.post(RULES, {"action": "generate", "_selected_action": [one.pk]}, follow=True).content.decode()
    assert "8 sessions added until" in told
    assert ClassSession.objects.count() == 8


def test_the_week_shows_what_is_on_and_what_is_not_generated_yet(desk: Client, daily: TimetableRule) -> None:
    today = studio_clock.today(timezone.now())
    monday = today + timedelta(days=14 - today.weekday())
    timetable.generate(daily, until=monday, now=timezone.now())
    off = ClassSession.objects.get(occurs_on=monday)
    assert off.cancel(now=timezone.now())
    page = desk.get("/admin/booking/classsession/week/", {"of": f"{monday + timedelta(days=2)}"})
    text = page.content.decode()
    assert f"Week of {monday:%d %B %Y}" in text
    assert (text.count("called off"), text.count("not generated yet")) == (1, 6)
    assert "unsafe" not in page["Content-Security-Policy"]
    for of in ("", "yesterday", "0001-01-01", "9999-12-31"):
        assert desk.get("/admin/booking/classsession/week/", {"of": of}).status_code == 200
    assert 'href="/admin/booking/classsession/week/"' in desk.get("/admin/booking/classsession/").content.decode()
    assert Client().get("/admin/booking/classsession/week/").status_code == 302


def test_a_week_costs_the_same_queries_whatever_is_on(desk: Client, django_assert_num_queries: Any) -> None:
    page = "/admin/booking/classsession/week/"
    today = studio_clock.today(timezone.now())
    monday = today + timedelta(days=7 - today.weekday())
    of, sunday = {"of": f"{monday}"}, monday + timedelta(days=6)
    timetable.generate(rule("FREQ=DAILY", starts_on=today), until=sunday, now=timezone.now())
    with CaptureQueriesContext(connection) as one_rule:
        desk.get(page, of)
    for hour in range(6, 12):
        one = rule("FREQ=DAILY", starts_on=today, at=time(hour))
        timetable.generate(one, until=monday + timedelta(days=1), now=timezone.now())
    with django_assert_num_queries(len(one_rule)):
        text = desk.get(page, of).content.decode()
    assert (text.count("not generated yet"), text.count("of 10")) == (6 * 5, 7 + 6 * 2)
