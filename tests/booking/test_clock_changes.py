"""A timetable is in wall time: what becomes of it in the nights in which the clocks change, zone by zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from booking.models import ClassSession
from tests.booking.test_timetable import generated, rule, wall


class Night(NamedTuple):
    """One change of the clocks; moments in UTC, where the other columns are by the studio's clock."""

    zone: str
    day: str
    what: str
    evening_before: str  # what 18:00 is in UTC a week before, and a week after
    evening_after: str
    at: str  # a time of that night which is skipped, or comes twice
    means: str
    shows: str  # what the clock shows then


# Whole hours and half ones, both hemispheres, changes at one, two, three o'clock and at midnight; and a zone without.
NIGHTS = [
    Night("Europe/London", "2027-03-28", "skip", "18:00", "17:00", "01:30", "2027-03-28 01:30", "02:30"),
    Night("Europe/London", "2027-10-31", "twice", "17:00", "18:00", "01:30", "2027-10-31 00:30", "01:30"),
    Night("America/New_York", "2027-03-14", "skip", "23:00", "22:00", "02:15", "2027-03-14 07:15", "03:15"),
    Night("America/New_York", "2027-11-07", "twice", "22:00", "23:00", "01:15", "2027-11-07 05:15", "01:15"),
    Night("Australia/Lord_Howe", "2027-10-03", "skip", "07:30", "07:00", "02:10", "2027-10-02 15:40", "02:40"),
    Night("Australia/Lord_Howe", "2027-04-04", "twice", "07:00", "07:30", "01:45", "2027-04-03 14:45", "01:45"),
    Night("Africa/Cairo", "2027-04-30", "skip", "16:00", "15:00", "00:30", "2027-04-29 22:30", "01:30"),
    Night("Africa/Cairo", "2027-10-28", "twice", "15:00", "16:00", "23:30", "2027-10-28 20:30", "23:30"),
    Night("Australia/Sydney", "2027-10-03", "skip", "08:00", "07:00", "02:30", "2027-10-02 16:30", "03:30"),
    Night("Australia/Sydney", "2027-04-04", "twice", "07:00", "08:00", "02:30", "2027-04-03 15:30", "02:30"),
    Night("America/Santiago", "2027-09-05", "skip", "22:00", "21:00", "00:30", "2027-09-05 04:30", "01:30"),
    Night("America/Santiago", "2027-04-03", "twice", "21:00", "22:00", "23:30", "2027-04-04 02:30", "23:30"),
    Night("Asia/Kolkata", "2027-03-28", "nothing", "12:30", "12:30", "01:30", "2027-03-27 20:00", "01:30"),
    Night("Asia/Kolkata", "2027-10-31", "nothing", "12:30", "12:30", "01:30", "2027-10-30 20:00", "01:30"),
]
WEEK = timedelta(days=7)


def weekly(night: Night, at: str) -> list[ClassSession]:
    """A class of an hour that is weekly on the day of the change: a week before it, on it, and a week after."""
    day = date.fromisoformat(night.day)
    first, last = day - WEEK, day + WEEK
    rule("FREQ=WEEKLY", starts_on=first, at=time.fromisoformat(at))
    # No clock is frozen here: freezegun's knows no second time (`fold`), and would not tell the two apart.
    now = datetime(first.year, 1, 1, tzinfo=UTC)
    assert generated(last, now) == generated(last, now)
    return generated(last, now)


@pytest.fixture(params=NIGHTS, ids=lambda night: f"{night.zone} {night.day}")
def night(request: pytest.FixtureRequest, settings: Any) -> Night:
    settings.STUDIO_TIME_ZONE = request.param.zone
    return request.param


def test_six_in_the_evening_stays_six_in_the_evening(night: Night) -> None:
    before, that_day, after = weekly(night, "18:00")
    for session, days in ((before, -7), (that_day, 0), (after, 7)):
        day = date.fromisoformat(night.day) + timedelta(days=days)
        assert wall(session, night.zone) == f"{day} 18:00"
        assert session.occurs_on == day
    assert f"{before.starts_at:%H:%M}" == night.evening_before
    assert f"{after.starts_at:%H:%M}" == night.evening_after


def test_a_time_that_is_skipped_or_comes_twice_means_one_moment(night: Night) -> None:
    before, that_night, after = weekly(night, night.at)
    assert [wall(one, night.zone)[-5:] for one in (before, after)] == [night.at, night.at], "another week it is itself"
    assert f"{that_night.starts_at:%Y-%m-%d %H:%M}" == night.means
    assert wall(that_night, night.zone) == f"{night.day} {night.shows}"
    hour = timedelta(hours=1)
    assert [one.ends_at - one.starts_at for one in (before, that_night, after)] == [hour] * 3, "real minutes"


def test_the_table_says_what_the_clocks_do(night: Night) -> None:
    """Of a time that comes twice the table names the first; one that is skipped is on no clock."""
    zone = ZoneInfo(night.zone)
    local = datetime.fromisoformat(f"{night.day} {night.at}").replace(tzinfo=zone)
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    assert first is not None
    assert second is not None
    assert {"skip": first < second, "twice": first > second, "nothing": first == second}[night.what]


@pytest.mark.parametrize("zone", sorted({night.zone for night in NIGHTS}))
def test_six_in_the_evening_stays_six_in_the_evening_all_year(settings: Any, zone: str) -> None:
    settings.STUDIO_TIME_ZONE = zone
    rule("FREQ=WEEKLY;BYDAY=MO,SA,SU")
    sessions = generated(date(2027, 12, 31))
    assert len(sessions) == 3 * 52 - 2  # the first Saturday and Sunday come before the first Monday
    assert {wall(session, zone)[-5:] for session in sessions} == {"18:00"}
    assert {session.ends_at - session.starts_at for session in sessions} == {timedelta(hours=1)}
    # By the sun it is another hour in summer; on Lord Howe half of one.
    assert len({session.starts_at.time() for session in sessions}) == (1 if zone == "Asia/Kolkata" else 2)
