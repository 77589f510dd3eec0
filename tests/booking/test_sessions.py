"""The public schedule, and what staff may write into it."""

from base64 import b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from booking.models import ClassSession
from booking.serializers import BookingSerializer, SessionSerializer
from members.models import Member
from tests.cast import Caller, Sandbox, code, give_credits, session

SESSIONS = "/api/booking/sessions/"
NEW = {
    "title": "Spin",
    "description": "Hills.",
    "instructor": "Rosa",
    "location": "Studio 2",
    "starts_at": "2037-03-01T18:00:00+01:00",
    "ends_at": "2037-03-01T18:45:00+01:00",
    "capacity": 20,
    "amount": 1000,
    "credits_required": 1,
}


def test_anyone_lists_sessions_by_start_with_the_seats_left(anyone: Caller, as_ana: Caller, ana: Member) -> None:
    late = session(title="Late", starts_at=timezone.now() + timedelta(days=3))
    early = session(title="Early", capacity=3)
    give_credits(ana, 1)
    as_ana.book(early)
    rows = anyone.get(SESSIONS).json()["results"]
    assert [row["id"] for row in rows] == [early.pk, late.pk]
    assert (rows[0]["seats_available"], rows[0]["capacity"], rows[0]["bookable"]) == (2, 3, True)
    assert rows[0]["starts_at"].endswith("Z")
    assert anyone.get(f"{SESSIONS}{early.pk}/").json() == rows[0]


def test_the_answer_has_exactly_the_declared_fields(anyone: Caller, as_ana: Caller) -> None:
    one = session(amount=0)
    assert set(anyone.get(f"{SESSIONS}{one.pk}/").json()) == set(SessionSerializer().fields)
    assert set(as_ana.book(one).json()) == set(BookingSerializer().fields)


def test_a_page_of_fifty_costs_at_most_four_statements(
    anyone: Caller, as_ana: Caller, django_assert_max_num_queries: Any
) -> None:
    for _ in range(51):
        session()
    for caller in (anyone, as_ana):
        with django_assert_max_num_queries(4):
            assert len(caller.get(SESSIONS).json()["results"]) == 50


def test_pages_follow_each_other_and_stay_small(anyone: Caller) -> None:
    made = {session().pk for _ in range(5)}
    page = anyone.get(SESSIONS, page_size=2).json()
    seen = [row["id"] for row in page["results"]]
    while page["next"]:
        page = anyone.http.get(page["next"]).json()
        seen += [row["id"] for row in page["results"]]
    assert (len(seen), set(seen)) == (5, made)
    for size in ("1000000000", "-1", "x", ""):
        assert anyone.get(SESSIONS, page_size=size).status_code == 200
    assert anyone.get(SESSIONS, cursor="nonsense").status_code == 404


def test_filters_narrow_the_list(anyone: Caller) -> None:
    now = timezone.now()
    past = session(title="Past", starts_at=now - timedelta(days=1))
    full = session(title="Full", capacity=0, instructor="Rosa")
    off = session(title="Off", status=ClassSession.Status.CANCELLED, starts_at=now + timedelta(days=4))
    open_ = session(title="Open", description="soft mats", starts_at=now + timedelta(days=5))

    def ids(**query: str) -> list[int]:
        return [row["id"] for row in anyone.get(SESSIONS, **query).json()["results"]]

    assert ids() == [past.pk, full.pk, off.pk, open_.pk]
    assert ids(available="true") == [open_.pk]
    assert ids(starts_after=now.isoformat()) == [full.pk, off.pk, open_.pk]
    assert ids(starts_before=now.isoformat()) == [past.pk]
    assert ids(instructor="rosa") == [full.pk]
    assert ids(search="MATS") == [open_.pk]
    assert ids(ids=f"{open_.pk},{past.pk},{past.pk},0") == [past.pk, open_.pk]
    assert ids(ids=str(full.pk), search="MATS") == []


@pytest.mark.parametrize(
    "query",
    [
        {"starts_after": "soon"},
        {"starts_before": "2027-99-01"},
        {"search": "a\x00b"},
        {"instructor": "\x00"},
        {"ids": "1,x"},
        {"ids": "1.5"},
        {"ids": "-1"},
        {"ids": str(2**63)},
        {"ids": "1" + ",1" * 100},
        {"starts_after": "0001-01-01T00:00:00+14:00"},
        {"starts_before": "9999-12-31T23:59:59-14:00"},
    ],
    ids=str,
)
def test_a_filter_that_makes_no_sense_is_refused(anyone: Caller, query: dict[str, str]) -> None:
    assert anyone.get(SESSIONS, **query).status_code == 400


@pytest.mark.parametrize("position", ["abc", "\x00", "1e400", "2026-13-45 00:00", "24:00", "9" * 400, "é"])
def test_a_made_up_cursor_leads_nowhere(anyone: Caller, as_ana: Caller, position: str) -> None:
    session()
    cursor = b64encode(urlencode({"p": position}).encode()).decode()
    for caller, path in ((anyone, SESSIONS), (as_ana, "/api/booking/bookings/")):
        assert caller.get(path, cursor=cursor).status_code in (200, 404)


def test_a_thousand_parameters_are_too_many(anyone: Caller) -> None:
    answer = anyone.http.get(f"{SESSIONS}?{'a&' * 2000}")
    assert (answer.status_code, code(answer)) == (400, "invalid")


def test_lookups_that_are_no_filter_are_ignored(anyone: Caller) -> None:
    session()
    answer = anyone.get(SESSIONS, bookings__member__password__startswith="a", ordering="bookings__member__password")
    assert (answer.status_code, len(answer.json()["results"])) == (200, 1)


def test_staff_create_a_session(as_carla: Caller) -> None:
    answer = as_carla.post(SESSIONS, NEW)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["starts_at"], body["currency"], body["status"]) == ("2037-03-01T17:00:00Z", "gbp", "scheduled")
    assert (body["seats_available"], body["bookable"]) == (20, True)


def test_a_time_without_an_offset_is_read_as_utc(as_carla: Caller) -> None:
    wish = {**NEW, "starts_at": "2027-07-01T18:00:00", "ends_at": "2027-07-01T19:00:00"}
    assert as_carla.post(SESSIONS, wish).json()["starts_at"] == "2027-07-01T18:00:00Z"


REFUSED: list[tuple[str, Any]] = [
    ("amount", 29),
    ("amount", -1),
    ("amount", 100_000_000),
    ("amount", "12.5"),
    ("amount", 1e309),
    ("amount", None),
    ("capacity", -1),
    ("capacity", 2**31),
    ("capacity", "many"),
    ("credits_required", -1),
    ("credits_required", 10**30),
    ("currency", "xyz"),
    ("currency", "GBP "),
    ("ends_at", "2037-03-01T16:00:00Z"),
    ("ends_at", "2037-03-01T17:00:00Z"),
    ("starts_at", "9999-12-31T23:59:59-12:00"),
    ("starts_at", "0001-01-01T00:00:00+12:00"),
    ("starts_at", "yesterday"),
    ("title", ""),
    ("title", "x" * 201),
    ("title", "a\x00b"),
    ("title", ["Spin"]),
]


@pytest.mark.parametrize(("field", "value"), REFUSED, ids=str)
def test_a_session_that_cannot_be_is_refused(as_carla: Caller, field: str, value: Any) -> None:
    answer = as_carla.post(SESSIONS, {**NEW, field: value})
    assert answer.status_code == 400, answer.content
    assert code(answer)
    assert ClassSession.objects.count() == 0


def test_staff_change_a_session_but_not_below_the_seats_taken(as_carla: Caller, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    one = session(capacity=2)
    as_ana.book(one)
    path = f"{SESSIONS}{one.pk}/"
    assert as_carla.patch(path, {"capacity": 1, "seats_taken": 0, "seats_available": 9}).json()["seats_available"] == 0
    answer = as_carla.patch(path, {"capacity": 0})
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "capacity")
    assert as_carla.patch(path, {"amount": 5}).status_code == 400
    assert as_carla.patch(path, {"ends_at": one.starts_at.isoformat()}).status_code == 400
    assert as_carla.patch(path, {"title": "Gentle yoga"}).json()["title"] == "Gentle yoga"
    one.refresh_from_db()
    assert (one.seats_taken, one.capacity) == (1, 1)


def test_members_do_not_write_sessions(as_ana: Caller, anyone: Caller) -> None:
    one = session()
    for caller, status in ((as_ana, 403), (anyone, 401)):
        assert caller.post(SESSIONS, NEW).status_code == status
        assert caller.patch(f"{SESSIONS}{one.pk}/", {"amount": 0}).status_code == status
    assert ClassSession.objects.get().amount == 1500


def test_the_price_agreed_is_the_price_on_the_hold(as_ana: Caller, as_carla: Caller, sandbox: Sandbox) -> None:
    one = session(amount=1500)
    first = as_ana.book(one)
    as_carla.patch(f"{SESSIONS}{one.pk}/", {"amount": 9900})
    again = as_ana.book(one)
    assert (again.json()["amount"], again.json()["stripe_client_secret"]) == (
        1500,
        first.json()["stripe_client_secret"],
    )


def test_saving_a_session_read_earlier_does_not_bring_old_seats_back(as_ana: Caller, ana: Member) -> None:
    one = session()
    read_earlier = ClassSession.objects.get(pk=one.pk)
    give_credits(ana, 1)
    as_ana.book(one)
    read_earlier.title = "Renamed"
    read_earlier.save()
    one.refresh_from_db()
    assert (one.title, one.seats_taken) == ("Renamed", 1)


def test_the_database_itself_refuses_a_seat_too_many() -> None:
    one = session(capacity=1)
    for taken in (2, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            ClassSession.objects.filter(pk=one.pk).update(seats_taken=taken)


def test_config_tells_a_frontend_what_it_needs(anyone: Caller, sandbox: Sandbox) -> None:
    body = anyone.get("/api/booking/config/").json()
    assert set(body) == {
        "payments_enabled",
        "stripe_publishable_key",
        "stripe_js_url",
        "currency",
        "hold_minutes",
        "time_zone",
        "server_time",
    }
    assert body["stripe_js_url"] == "https://js.stripe.com/endive/stripe.js"
    assert (body["payments_enabled"], body["hold_minutes"], body["time_zone"]) == (True, 30, "Europe/London")
