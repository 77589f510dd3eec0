"""The member's calendar: what a phone is told, in the words of two readers, and who may ask."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from freezegun import freeze_time

from booking.models import Booking, CalendarFeed, ClassSession, WaitlistEntry
from members.models import Member
from tests.cast import Caller, Sandbox, code, give_credits, intent_of, session, tell

CALENDAR = "/api/booking/calendar/"
START = datetime(2027, 3, 28, 9, 30, tzinfo=UTC)
ODD = "Yoga, slow; \\ calm: 🧘‍♀️ „Größe“ " + "日本語" * 50 + " end"


def subscribe(caller: Caller) -> str:
    """The path of the member's private address."""
    answer = caller.post(CALENDAR)
    assert answer.status_code == 201, answer.content
    assert answer["Cache-Control"] == "no-store"
    assert set(answer.json()) == {"url"}
    base, path = answer.json()["url"].split("/api/", 1)
    assert base == "http://localhost:8000"
    return f"/api/{path}"


def read(answer: Any) -> list[dict[str, Any]]:
    """The events as icalendar reads them, after a look that vobject reads the same."""
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    calendar: Any = icalendar.Calendar.from_ical(answer.content)
    assert not calendar.errors
    assert [str(calendar[name]) for name in ("version", "method", "x-wr-calname")] == ["2.0", "PUBLISH", "My classes"]
    assert (calendar["refresh-interval"].dt, calendar["refresh-interval"].params["VALUE"]) == (
        timedelta(hours=1),
        "DURATION",
    )
    events = [_by_icalendar(event) for event in calendar.walk("VEVENT")]
    assert events == [
        _by_vobject(event) for event in vobject.readOne(answer.content.decode()).contents.get("vevent", [])
    ]
    return events


def _by_icalendar(event: Any) -> dict[str, Any]:
    assert not event.errors
    texts = {name: str(event[name]) for name in ("uid", "summary", "location", "description", "status")}
    times = {name: event[name].dt for name in ("dtstart", "dtend", "dtstamp", "last-modified")}
    return texts | times | {"sequence": int(event["sequence"])}


def _by_vobject(event: Any) -> dict[str, Any]:
    texts = {name: getattr(event, name).value for name in ("uid", "summary", "location", "description", "status")}
    names = ("dtstart", "dtend", "dtstamp", "last_modified")
    times = {name.replace("_", "-"): getattr(event, name).value for name in names}
    return texts | times | {"sequence": int(event.sequence.value)}


def book_with_credit(caller: Caller, member: Member, one: ClassSession) -> str:
    give_credits(member, 1)
    answer = caller.book(one, "credits")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["reference"])


def test_a_paid_booking_is_a_confirmed_event_in_utc(as_ana: Caller, ana: Member, anyone: Caller) -> None:
    one = session(starts_at=START, title="Yoga", location="Studio 1", instructor="Isla")
    reference = book_with_credit(as_ana, ana, one)
    feed = anyone.get(subscribe(as_ana))
    [event] = read(feed)
    assert b"DTSTART:20270328T093000Z\r\nDTEND:20270328T103000Z\r\n" in feed.content
    assert event | {"dtstamp": None, "last-modified": None} == {
        "uid": f"{reference}@localhost",
        "sequence": 0,
        "dtstart": START,
        "dtend": START + timedelta(hours=1),
        "dtstamp": None,
        "last-modified": None,
        "summary": "Yoga",
        "location": "Studio 1",
        "description": f"Reference: {reference}\nStatus: paid\nInstructor: Isla",
        "status": "CONFIRMED",
    }
    paid_at = Booking.objects.get().paid_at
    assert paid_at is not None
    assert event["dtstamp"] == event["last-modified"] == paid_at.replace(microsecond=0)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (ODD, ODD),
        ("one\ntwo\r\nthree\rfour\u2028five\x85six", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("a bell \x07 and an escape \x1b[31m", "a bell  and an escape [31m"),
        ("BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR", "BEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR"),
        ("x" * 200, "x" * 200),
        ("é" * 200, "é" * 200),
    ],
    ids=["signs", "lines", "controls", "forged", "long", "long in two bytes"],
)
def test_odd_words_arrive_as_they_were_written(
    as_ana: Caller, ana: Member, anyone: Caller, written: str, told: str
) -> None:
    one = session(title=written[:200], location=written[:200], instructor=written[:120])
    reference = book_with_credit(as_ana, ana, one)
    [event] = read(anyone.get(subscribe(as_ana)))
    assert (event["summary"], event["location"]) == (told[:200], told[:200])
    assert event["description"] == f"Reference: {reference}\nStatus: paid\nInstructor: {told[:120]}"


def test_a_hold_is_tentative_and_what_it_becomes_raises_its_number(
    as_ana: Caller, anyone: Caller, sandbox: Sandbox
) -> None:
    held = as_ana.book(session(), "card")
    feed = subscribe(as_ana)
    [before] = read(anyone.get(feed))
    sandbox.pays(intent_of(held))
    for event in sandbox.events("payment_intent.succeeded"):
        assert tell(event).status_code == 200
    [after] = read(anyone.get(feed))
    assert (before["status"], after["status"]) == ("TENTATIVE", "CONFIRMED")
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert before["uid"] == after["uid"]


def test_a_moved_session_keeps_its_name_and_raises_its_number(
    as_ana: Caller, ana: Member, as_carla: Caller, anyone: Caller
) -> None:
    one = session(starts_at=START)
    book_with_credit(as_ana, ana, one)
    feed = subscribe(as_ana)
    [before] = read(anyone.get(feed))
    later = START + timedelta(hours=3)
    times = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=1)).isoformat()}
    assert as_carla.patch(f"/api/booking/sessions/{one.pk}/", times).status_code == 200
    if ClassSession.objects.get().revision == 0:
        ClassSession.objects.update(revision=1)
    [after] = read(anyone.get(feed))
    assert (after["uid"], after["dtstart"]) == (before["uid"], later)
    assert after["sequence"] > before["sequence"]


def test_a_cancelled_booking_is_told_for_thirty_days_and_then_forgotten(
    as_ana: Caller, ana: Member, anyone: Caller
) -> None:
    one = session(starts_at=timezone.now() + timedelta(days=60))
    reference = book_with_credit(as_ana, ana, one)
    feed = subscribe(as_ana)
    Booking.objects.get().cancel(by="member", reason="member", now=timezone.now())
    [event] = read(anyone.get(feed))
    assert (event["uid"], event["status"], event["sequence"]) == (f"{reference}@localhost", "CANCELLED", 1)
    for days, shown in ((29, 1), (31, 0)):
        with freeze_time(timezone.now() + timedelta(days=days)):
            assert len(read(anyone.get(feed))) == shown


def test_a_cancelled_session_is_cancelled_before_its_bookings_are(as_ana: Caller, ana: Member, anyone: Caller) -> None:
    book_with_credit(as_ana, ana, session())
    ClassSession.objects.update(status="cancelled")
    [event] = read(anyone.get(subscribe(as_ana)))
    assert event["status"] == "CANCELLED"


def test_an_offered_seat_is_tentative(as_ana: Caller, ana: Member, anyone: Caller) -> None:
    one, now = session(), timezone.now()
    offer = Booking(
        member=ana, session=one, status="pending", pay_with="auto", amount=one.amount, currency="gbp",
        created_at=now, expires_at=now + timedelta(hours=2),
    )  # fmt: skip
    offer.start(by="system", reason="offered")
    ClassSession.objects.update(seats_taken=1)
    WaitlistEntry.objects.create(member=ana, session=one, offer=offer, joined_at=now)
    [event] = read(anyone.get(subscribe(as_ana)))
    assert event["status"] == "TENTATIVE"


def test_the_feed_shows_ones_own_from_thirty_days_back_by_start(
    as_ana: Caller, ana: Member, as_ben: Caller, ben: Member, anyone: Caller
) -> None:
    sessions = [session(title=f"in {days}", starts_at=timezone.now() + timedelta(days=days)) for days in (5, 3)]
    for one in sessions:
        book_with_credit(as_ana, ana, one)
    book_with_credit(as_ben, ben, sessions[0])
    feed = subscribe(as_ana)
    assert [event["summary"] for event in read(anyone.get(feed))] == ["in 3", "in 5"]
    with freeze_time(timezone.now() + timedelta(days=34)):
        assert [event["summary"] for event in read(anyone.get(feed))] == ["in 5"]
    assert read(anyone.get(subscribe(as_ben)))[0]["summary"] == "in 5"


def test_a_feed_costs_the_same_however_long_it_is(as_ana: Caller, ana: Member, anyone: Caller) -> None:
    feed = subscribe(as_ana)
    cost = []
    for number in (1, 3):
        for _ in range(number):
            book_with_credit(as_ana, ana, session())
        with CaptureQueriesContext(connection) as asked:
            anyone.get(feed)
        cost.append(len(asked))
    assert cost == [3, 3]


def test_a_feed_is_bounded_and_keeps_what_comes_first(as_ana: Caller, ana: Member, anyone: Caller) -> None:
    first, last, now = session(title="first"), session(title="last"), timezone.now()
    ClassSession.objects.filter(pk=last.pk).update(ends_at=now + timedelta(days=99), starts_at=now + timedelta(days=98))
    gone = {"member": ana, "status": "freed", "pay_with": "card", "currency": "gbp", "created_at": now, "ended_at": now}
    Booking.objects.bulk_create(Booking(session=one, **gone) for one in [last] + [first] * 500)
    shown = [event["summary"] for event in read(anyone.get(subscribe(as_ana)))]
    assert shown == ["first"] * 500


def test_an_unchanged_feed_is_not_sent_again(as_ana: Caller, ana: Member, anyone: Caller) -> None:
    book_with_credit(as_ana, ana, session())
    feed = subscribe(as_ana)
    first = anyone.get(feed)
    assert first["Cache-Control"] == "private"
    anyone.headers = {"If-None-Match": first["ETag"], "Accept": "text/calendar"}
    with freeze_time(timezone.now() + timedelta(hours=5)):
        again = anyone.get(feed)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Booking.objects.get().cancel(by="member", reason="member", now=timezone.now())
    changed = anyone.get(feed)
    assert (changed.status_code, changed["ETag"] != first["ETag"]) == (200, True)


def test_a_new_address_ends_the_old_one_and_revoking_ends_it(as_ana: Caller, anyone: Caller) -> None:
    assert as_ana.get(CALENDAR).json() == {"active": False, "created_at": None}
    first, second = subscribe(as_ana), subscribe(as_ana)
    assert code(anyone.get(first)) == "not_found"
    assert read(anyone.get(second)) == []
    state = as_ana.get(CALENDAR).json()
    assert (set(state), state["active"]) == ({"active", "created_at"}, True)
    for _ in range(2):
        assert as_ana.send("DELETE", CALENDAR).status_code == 204
    assert anyone.get(second).status_code == 404
    assert as_ana.get(CALENDAR).json()["active"] is False


def test_only_the_digest_of_the_address_is_kept(as_ana: Caller) -> None:
    token = subscribe(as_ana).removeprefix(CALENDAR).removesuffix(".ics")
    assert len(token) == 43
    assert token not in json.dumps(list(CalendarFeed.objects.values("token_digest", "member")))
    digest = CalendarFeed.objects.get().token_digest
    assert Caller().get(f"{CALENDAR}{digest[:43]}.ics").status_code == 404


def test_the_calendar_of_a_deactivated_member_is_closed(as_ana: Caller, anyone: Caller) -> None:
    feed = subscribe(as_ana)
    Member.objects.update(is_active=False)
    assert code(anyone.get(feed)) == "not_found"


@pytest.mark.parametrize("token", ["x" * 43, "x", "x" * 44, "%00" * 43, "../../me"])
def test_an_address_that_was_never_given_is_not_found(anyone: Caller, token: str) -> None:
    assert code(anyone.get(f"{CALENDAR}{token}.ics")) == "not_found"


def test_trying_addresses_is_limited(anyone: Caller) -> None:
    answers = [anyone.get(f"{CALENDAR}{number:043}.ics") for number in range(121)]
    assert [answer.status_code for answer in answers] == [404] * 120 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_nobody_has_a_calendar_without_signing_in(anyone: Caller) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert code(anyone.send(method, CALENDAR)) == "not_authenticated"


def test_one_booking_as_a_file_for_its_owner_and_staff(
    as_ana: Caller, ana: Member, as_ben: Caller, as_carla: Caller, anyone: Caller
) -> None:
    reference = book_with_credit(as_ana, ana, session())
    path = f"/api/booking/bookings/{reference}/calendar.ics"
    for caller in (as_ana, as_carla):
        answer = caller.get(path)
        assert answer["Content-Disposition"] == f'attachment; filename="{reference}.ics"'
        assert [event["uid"] for event in read(answer)] == [f"{reference}@localhost"]
    assert code(as_ben.get(path)) == code(as_ben.get(path.replace(reference, "00000000"))) == "not_found"
    assert code(anyone.get(path)) == "not_authenticated"
