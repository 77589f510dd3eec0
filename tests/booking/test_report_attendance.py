"""Who had paid and did not come."""

from django.test import Client

from booking.models import ClassSession
from tests.booking.past import PAGE, ago, booked, class_at, figures, kind, wall

MARCH = {"from": "2026-03-02", "to": "2026-03-04"}


def attended(one: ClassSession, *, came: int, missed: int) -> None:
    for _ in range(came):
        booked(one, checked_in_at=one.starts_at)
    for _ in range(missed):
        booked(one)


def test_no_shows_are_told_by_the_day_of_the_session(desk: Client) -> None:
    attended(class_at(wall("2026-03-02 18:00")), came=3, missed=1)
    attended(class_at(wall("2026-03-02 19:00")), came=1, missed=0)
    attended(class_at(wall("2026-03-04 00:00")), came=1, missed=2)
    attended(class_at(wall("2026-03-05 00:00")), came=1, missed=2)
    rows = figures(desk, "no-shows/no-shows", **MARCH)
    assert [tuple(row.values()) for row in rows] == [
        ("2026-03-02", "2026-03-02", "5", "1", "20.0"),
        ("2026-03-04", "2026-03-04", "3", "2", "66.7"),
    ]
    assert "3 of 8 did not come, 37.5 %." in desk.get(PAGE, MARCH).content.decode()


def test_only_paid_seats_of_sessions_that_are_over_and_were_looked_after_count(desk: Client) -> None:
    unwatched = class_at(wall("2026-03-02 18:00"))
    attended(unwatched, came=0, missed=4)
    one = class_at(wall("2026-03-02 18:00"))
    attended(one, came=1, missed=1)
    for status in ("pending", "freed", "cancelled"):
        booked(one, status)
    attended(class_at(wall("2026-03-02 18:00"), status="cancelled"), came=1, missed=3)
    empty = class_at(wall("2026-03-03 18:00"))
    booked(empty, no_show_at=empty.starts_at)
    [row, marked] = figures(desk, "no-shows/no-shows", **MARCH)
    assert (row["booked"], row["did not come"]) == ("2", "1")
    assert (marked["booked"], marked["did not come"]) == ("1", "1")
    attended(class_at(ago(minutes=30)), came=1, missed=3)
    assert figures(desk, "no-shows/no-shows", range="week") == []


def test_no_shows_of_one_kind_of_session_are_told_apart(desk: Client) -> None:
    yoga = kind("Yoga")
    attended(class_at(wall("2026-03-02 18:00"), session_type=yoga), came=1, missed=1)
    attended(class_at(wall("2026-03-02 18:00")), came=1, missed=5)
    [row] = figures(desk, "no-shows/no-shows", type=str(yoga.pk), **MARCH)
    assert (row["booked"], row["did not come"]) == ("2", "1")
