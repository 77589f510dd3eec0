"""A page of the schedule that was written before is shown again only while it says the same."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from booking.models import Booking, ClassSession
from booking.schedule import page_at
from members.models import Member
from tests.cast import Caller, give_credits, session

SESSIONS = "/api/booking/sessions/"
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's rows have no marks")


@pytest.fixture(autouse=True)
def no_page_is_known() -> None:
    """As in a process that has just begun."""
    page_at.cache_clear()


def shown(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = caller.get(SESSIONS, **query)
    assert answer.status_code == 200
    return answer.json()["results"]


def rename(one: ClassSession) -> None:
    ClassSession.objects.filter(pk=one.pk).update(title="Pilates")


def rename_twice_at_once(one: ClassSession) -> None:
    with transaction.atomic():
        ClassSession.objects.filter(pk=one.pk).update(title="Spin")
        ClassSession.objects.filter(pk=one.pk).update(title="Pilates")


def cancel(one: ClassSession) -> None:
    one.cancel(now=timezone.now())


def add(one: ClassSession) -> None:
    session(title="One more", starts_at=one.starts_at - timedelta(hours=1))


def move(one: ClassSession) -> None:
    one.starts_at, one.ends_at = one.starts_at + timedelta(days=9), one.ends_at + timedelta(days=9)
    one.save()


@pytest.mark.parametrize("change", [rename, rename_twice_at_once, cancel, add, move, ClassSession.delete])
def test_whatever_happens_to_a_session_is_seen_at_once(anyone: Caller, change: Callable[[ClassSession], Any]) -> None:
    one, _other = session(), session(title="Later", starts_at=timezone.now() + timedelta(days=3))
    before = [shown(anyone) for _ in range(3)][-1]
    change(one)
    after = shown(anyone)
    assert after != before
    assert after == [anyone.get(f"{SESSIONS}{row['id']}/").json() for row in after]
    assert {row["id"] for row in after} == set(ClassSession.objects.values_list("pk", flat=True))


def test_each_seat_that_is_taken_or_given_back_is_seen_at_once(anyone: Caller, as_ana: Caller, ana: Member) -> None:
    one, seen = session(capacity=1), []
    give_credits(ana, 1)
    for _ in range(3):
        seen[:] = [shown(anyone)[0]]
    as_ana.book(one)
    seen.append(shown(anyone)[0])
    as_ana.post(f"/api/booking/bookings/{Booking.objects.get().reference}/cancel/")
    seen.append(shown(anyone)[0])
    assert [(row["seats_available"], row["bookable"]) for row in seen] == [(1, True), (0, False), (1, True)]


def test_a_session_that_has_begun_is_bookable_no_more_although_nobody_wrote_anything(anyone: Caller) -> None:
    one = session(starts_at=timezone.now() + timedelta(seconds=30))
    with freeze_time(one.starts_at - timedelta(seconds=1)):
        assert [shown(anyone)[0]["bookable"] for _ in range(3)] == [True] * 3
    with freeze_time(one.starts_at):
        assert not shown(anyone)[0]["bookable"]


def test_what_is_available_goes_by_the_clock_too(anyone: Caller) -> None:
    one = session(starts_at=timezone.now() + timedelta(seconds=30))
    assert [len(shown(anyone, available="true")) for _ in range(3)] == [1] * 3
    with freeze_time(one.starts_at):
        assert shown(anyone, available="true") == []


def test_each_address_has_a_page_of_its_own(anyone: Caller) -> None:
    for title in ("Yoga", "Spin", "Pilates"):
        session(title=title)
    for _again in range(3):
        assert [len(shown(anyone, page_size=size)) for size in (1, 2, 3)] == [1, 2, 3]
        assert [row["title"] for row in shown(anyone, search="spin")] == ["Spin"]
        first = anyone.get(SESSIONS, page_size=2).json()
        assert first["next"].startswith("http://testserver/")
        assert [row["title"] for row in anyone.http.get(first["next"]).json()["results"]] == ["Pilates"]
    assert (
        anyone.http.get(SESSIONS, {"page_size": 2}, headers={"Host": "localhost"})
        .json()["next"]
        .startswith("http://localhost/")
    )


def test_both_ways_answer_with_the_same_headers(anyone: Caller) -> None:
    session()
    first, _second, third = (anyone.get(SESSIONS) for _ in range(3))
    own = ("X-Request-ID", "Content-Length")
    assert {k: v for k, v in first.headers.items() if k not in own} == {
        k: v for k, v in third.headers.items() if k not in own
    }
    assert first.content == third.content


@on_postgresql
def test_a_page_that_is_known_costs_one_statement_and_no_reading(anyone: Caller, as_ana: Caller) -> None:
    for _ in range(51):
        session()
    for _ in range(2):
        shown(anyone)
    with CaptureQueriesContext(connection) as asked:
        assert len(shown(anyone)) == 50
    assert len(asked) == 1
    assert "title" not in asked[0]["sql"]
    with CaptureQueriesContext(connection) as asked:
        assert len(shown(as_ana)) == 50
    assert len(asked) == 2


@on_postgresql
def test_a_page_is_written_anew_after_a_minute_in_any_case(anyone: Caller) -> None:
    session()
    shown(anyone)
    now = timezone.now()
    for seconds, statements in ((0, 2), (59, 1), (61, 2)):
        with freeze_time(now + timedelta(seconds=seconds)), CaptureQueriesContext(connection) as asked:
            shown(anyone)
        assert len(asked) == statements


@on_postgresql
def test_what_is_asked_for_once_costs_nothing_more(anyone: Caller) -> None:
    session()
    for second in range(3):
        with CaptureQueriesContext(connection) as asked:
            shown(anyone, starts_after=f"2026-01-01T00:00:0{second}Z")
        assert len(asked) == 1
