"""A member's own list: what is coming, what is past, by status, page by page."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Caller, give_credits, session

BOOKINGS = "/api/booking/bookings/"


@pytest.fixture
def five(as_ana: Caller, ana: Member) -> dict[str, str]:
    """Three sessions in days to come and two that have begun, by reference; one of each kind was cancelled."""
    give_credits(ana, 5)
    titles = ("coming 1", "coming 2", "coming, cancelled", "past", "past, cancelled")
    named = {}
    for title in titles:
        named[as_ana.book(session(title=title), "credits").json()["reference"]] = title
    for booking in Booking.objects.filter(session__title__contains="cancelled"):
        assert booking.cancel(by="member", reason="member", now=timezone.now())
    began = timezone.now() - timedelta(minutes=1)
    ClassSession.objects.filter(title__startswith="past").update(starts_at=began)
    return named


def test_staff_ask_for_their_own_alone(as_ana: Caller, as_carla: Caller) -> None:
    one = session(amount=0)
    theirs, own = (caller.book(one).json()["reference"] for caller in (as_ana, as_carla))
    for query, expected in (({}, {theirs, own}), ({"mine": "false"}, {theirs, own}), ({"mine": "true"}, {own})):
        assert {row["reference"] for row in as_carla.get(BOOKINGS, **query).json()["results"]} == expected
    assert [row["reference"] for row in as_ana.get(BOOKINGS, mine="false").json()["results"]] == [theirs]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"coming 1", "coming 2", "coming, cancelled", "past", "past, cancelled"}),
        ({"upcoming": "true"}, {"coming 1", "coming 2", "coming, cancelled"}),
        ({"upcoming": "false"}, {"past", "past, cancelled"}),
        ({"upcoming": "true", "status": "paid"}, {"coming 1", "coming 2"}),
        ({"upcoming": "false", "status": "cancelled"}, {"past, cancelled"}),
        ({"status": "paid"}, {"coming 1", "coming 2", "past"}),
    ],
    ids=lambda value: "+".join(sorted(value)) or "all",
)
def test_the_list_is_narrowed_and_every_page_keeps_to_it(
    as_ana: Caller, as_ben: Caller, five: dict[str, str], query: dict[str, str], expected: set[str]
) -> None:
    found: list[str] = []
    page: Any = as_ana.get(BOOKINGS, page_size=1, **query).json()
    while True:
        found += [five[booking["reference"]] for booking in page["results"]]
        if not page["next"]:
            break
        page = as_ana.http.get(page["next"], headers=as_ana.headers).json()
    assert (len(found), set(found)) == (len(expected), expected)
    assert as_ben.get(BOOKINGS, **query).json()["results"] == []


def test_each_movement_of_credit_names_what_it_was_for(as_ana: Caller, five: dict[str, str]) -> None:
    entries = as_ana.get("/api/payments/credits/").json()["entries"]
    spent = {entry["subject"].removeprefix("booking:") for entry in entries if entry["kind"] == "spent"}
    assert spent == five.keys()
    [granted] = [entry for entry in entries if entry["kind"] == "granted"]
    assert (granted["subject"], granted["note"], granted["credits"]) == (None, "test", 5)
