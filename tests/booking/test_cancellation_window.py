"""A window of 24 hours is 24 real hours, also across the night in which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from members.models import Member
from notifications.models import Message
from tests.cast import Caller, Sandbox, intent_of, session, tell

ZONES = ("Europe/London", "America/New_York", "Australia/Sydney", "America/Santiago", "Pacific/Auckland")
FROM, DAYS, NOON = date(2026, 9, 1), 365, time(12)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def offset(zone: ZoneInfo, day: date) -> timedelta:
    offset = datetime.combine(day, NOON, zone).utcoffset()
    assert offset is not None
    return offset


def changes(name: str) -> list[tuple[date, timedelta]]:
    """The days in that year whose noon has another offset than the noon before, and by how much."""
    zone = ZoneInfo(name)
    days = [FROM + timedelta(days=n) for n in range(DAYS)]
    moves = [(day, offset(zone, day) - offset(zone, day - timedelta(days=1))) for day in days]
    return [(day, move) for day, move in moves if move]


CHANGES = [(name, day, move) for name in ZONES for day, move in changes(name)]
NAMES = [f"{name} {'spring' if move > timedelta(0) else 'autumn'}" for name, _, move in CHANGES]


def test_every_zone_has_a_spring_and_an_autumn() -> None:
    assert len(CHANGES) == 2 * len(ZONES)
    assert all(sorted(move for zone, _, move in CHANGES if zone == name) == [-HOUR, HOUR] for name in ZONES)


@pytest.mark.parametrize(("name", "day", "move"), CHANGES, ids=NAMES)
def test_the_window_counts_real_hours(
    name: str, day: date, move: timedelta, ana: Member, sandbox: Sandbox, settings: Any
) -> None:
    """At six in the morning of the day after that night; on the wall the window begins an hour off six."""
    settings.STUDIO_TIME_ZONE = name
    settings.CANCELLATION_TIERS, settings.CANCELLATION_WINDOW_HOURS = (), 24
    wall = datetime.combine(day, time(6), ZoneInfo(name))
    starts_at = wall.astimezone(UTC)
    last = starts_at - timedelta(hours=24)
    assert last.astimezone(ZoneInfo(name)).replace(tzinfo=None) == wall.replace(tzinfo=None) - 24 * HOUR - move
    with freeze_time(starts_at - timedelta(days=3)):
        caller = Caller(ana)
        held = caller.book(session(starts_at=starts_at), "card")
        sandbox.pays(intent_of(held))
        [event] = sandbox.events("payment_intent.succeeded")
    path = f"/api/booking/bookings/{held.json()['reference']}/"
    tell_at(event, starts_at - timedelta(days=3))
    for moment, amount in ((last - SECOND, 1500), (last, 1500), (last + SECOND, 0)):
        with freeze_time(moment):
            said = Caller(ana).get(f"{path}cancellation/").json()
        assert (said["amount"], said["returns"]) == (amount, "card" if amount else "nothing"), moment
        assert datetime.fromisoformat(said["until"]) == (last if amount else starts_at)
    with freeze_time(last - SECOND):
        assert Caller(ana).post(f"{path}cancel/").json()["status"] == "cancelled"
    [booked, cancelled] = Message.objects.filter(kind__startswith="booking_").order_by("id")
    for message in (booked, cancelled):
        assert message.variables["start"] == f"{wall:%a} {wall.day} {wall:%b %Y}, 06:00"


def tell_at(event: Any, moment: datetime) -> None:
    with freeze_time(moment):
        assert tell(event, at=moment).status_code == 200
