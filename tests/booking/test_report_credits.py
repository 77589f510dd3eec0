"""Credits outstanding: now, until when, at what price, and as it went."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.test import Client
from django.utils import timezone
from freezegun import freeze_time
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st

from payments.models import CreditLot
from tests.booking.past import PAGE, ago, bought, figures, lot_of, wall


def moves(lot: CreditLot, credits: int, at: datetime, kind: str = "spent") -> None:
    """An entry, and what remains of its lot with it."""
    lot.entries.create(kind=kind, credits=credits, created_at=at)
    lot.remaining += credits
    lot.save()


def history(desk: Client, **query: str) -> list[int]:
    return [int(row["credits in the end"]) for row in figures(desk, "credits/history", **query)]


def test_what_was_outstanding_is_told_for_each_day(desk: Client) -> None:
    for_good = lot_of(10, wall("2026-02-01 12:00"), remaining=10, expires_at=None)
    moves(for_good, -3, wall("2026-03-03 12:00"))
    moves(for_good, 3, wall("2026-03-05 23:59"), "returned")
    lot_of(5, wall("2026-03-04 00:00"), remaining=5, expires_at=wall("2026-03-06 00:00"))
    lot_of(7, wall("2026-02-01 12:00"), remaining=7, expires_at=wall("2026-03-04 12:00"))
    lot_of(100, wall("2026-02-01 12:00"), remaining=100, expires_at=wall("2026-03-01 23:59"))
    assert history(desk, **{"from": "2026-03-02", "to": "2026-03-06"}) == [
        10 + 7,
        7 + 7,
        7 + 5,
        10 + 5,  # until midnight they can be spent
        10,
    ]


def test_the_present_piece_ends_now_and_none_is_to_come(desk: Client) -> None:
    with freeze_time("2026-03-05 12:00:00"):
        lot_of(4, wall("2026-03-01 12:00"), remaining=4, expires_at=wall("2026-03-05 11:00"))
        lot = lot_of(6, wall("2026-03-01 12:00"), remaining=6, expires_at=wall("2026-03-05 13:00"))
        moves(lot, -1, wall("2026-03-05 11:30"))
        assert history(desk, **{"from": "2026-03-04", "to": "2026-03-09"}) == [10, 5]
        assert history(desk, **{"from": "2026-03-06", "to": "2026-03-09"}) == []
        assert desk.get(PAGE, {"from": "2026-03-06", "to": "2026-03-09"}).status_code == 200


def test_what_lives_now_is_told_by_when_it_expires(desk: Client) -> None:
    with freeze_time("2026-03-05 12:00:00"):
        for credits, expires_at in (
            (1, wall("2026-03-05 11:59")),
            (2, wall("2026-03-31 23:59")),
            (4, wall("2026-04-01 00:00")),
            (8, wall("2027-02-28 12:00")),
            (16, wall("2027-03-01 00:00")),
            (32, None),
        ):
            lot_of(credits, wall("2026-03-01 12:00"), remaining=credits, expires_at=expires_at)
        rows = figures(desk, "credits/expiry")
        assert [tuple(row.values()) for row in rows] == [
            ("in March 2026", "2"),
            ("in April 2026", "4"),
            ("in February 2027", "8"),
            ("later", "16"),
            ("never", "32"),
        ]


def test_credits_are_worth_what_was_paid_for_them_and_the_rest_is_not_known(desk: Client) -> None:
    soon = timezone.now() + timedelta(days=30)
    bought(1000, 3, ago(days=3), remaining=1, expires_at=soon)
    bought(1000, 3, ago(days=3), remaining=1, expires_at=soon)
    bought(5000, 10, ago(days=3), remaining=7, expires_at=ago(days=1))
    lot_of(9, ago(days=3), remaining=5, expires_at=None)
    lot_of(2, ago(days=3), remaining=2, expires_at=None, source="grace")
    rows = figures(desk, "credits/value")
    assert [tuple(row.values()) for row in rows] == [
        ("bought in packs", "2", "GBP", "6.67"),
        ("granted by staff", "5", "", "not known"),
        ("in place of expired ones", "2", "", "not known"),
    ]
    text = desk.get(PAGE).content.decode()
    assert "9 credits now: 2 were bought for 6.67 GBP, of 7 the price is not known." in text


DAYS = st.integers(0, 40 * 24 * 60).map(lambda minutes: datetime(2025, 10, 1, tzinfo=UTC) + timedelta(minutes=minutes))
LOTS = st.lists(
    st.tuples(DAYS, st.one_of(st.none(), DAYS), st.lists(st.tuples(DAYS, st.integers(-2, 2)), max_size=3)), max_size=4
)


class Undone(Exception):
    """Ends an example, and takes its rows back."""


@options(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lots=LOTS, first=st.dates(date(2025, 9, 28), date(2025, 11, 10)), length=st.sampled_from([0, 20, 60, 300]))
def test_history_is_what_plain_python_adds_up(desk: Client, lots: Any, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    try:
        with transaction.atomic():
            for at, expires_at, entries in lots:
                lot = lot_of(20, at, remaining=20, expires_at=expires_at)
                for moment, credits in entries:
                    moves(lot, credits, moment) if credits < 0 else None
            rows = figures(desk, "credits/history", **{"from": str(first), "to": str(last)})
            for row in rows:
                assert int(row["credits in the end"]) == added_up(date.fromisoformat(row["to"])), row
            raise Undone
    except Undone:
        pass


def added_up(day: date) -> int:
    """What the entries of all lots that lived when that day ended come to."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo("Europe/London"))
    return sum(
        entry.credits
        for lot in CreditLot.objects.all()
        if lot.expires_at is None or lot.expires_at >= end
        for entry in lot.entries.all()
        if entry.created_at < end
    )
