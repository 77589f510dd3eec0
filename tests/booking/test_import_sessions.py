"""A schedule comes in from a file; what is there already is changed only when staff say so."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import Booking, ClassSession, SessionType
from members import runs
from members.models import Member
from tests import laws
from tests.booking.test_timetable import kind, wall
from tests.cast import Caller, Sandbox, give_credits, paid_by_card, seats_match, session
from tests.importing import Imported

EXAMPLE = Path("docs/examples/sessions.csv")
HEADER = "title,session_type,starts_at,ends_at,minutes,capacity,amount,currency,credits_required,location\n"

TOO_FEW = "line 2: capacity: 1 seats are taken already. Cancel 1 booking first, or leave at least 1 seats."


def imported(*words: str) -> Imported:
    return Imported(*words, command="import_sessions")


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes a file of sessions; its path."""

    def write(text: str, *, header: str = HEADER) -> str:
        path = tmp_path / "sessions.csv"
        path.write_text(header + text)
        return str(path)

    return write


def row(one: ClassSession, **changes: Any) -> str:
    """One line of a file that says of a session what it is like, but for the changes."""
    cells = {
        "title": one.title, "session_type": "", "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(), "minutes": "", "capacity": one.capacity, "amount": one.amount,
        "currency": one.currency, "credits_required": one.credits_required, "location": one.location, **changes,
    }  # fmt: skip
    return ",".join(str(cells[name]) for name in HEADER.strip().split(",")) + "\n"


def as_it_stands(one: ClassSession) -> tuple[int, int, int]:
    one.refresh_from_db()
    return one.capacity, one.amount, one.credits_required


def test_the_example_of_the_documentation_comes_in_once() -> None:
    dry = imported(str(EXAMPLE), "--dry-run")
    assert not ClassSession.objects.exists()
    first = imported(str(EXAMPLE))
    assert (
        (dry.status, dry.counts, dry.remarks) == (first.status, first.counts, first.remarks) == (0, {"created": 3}, [])
    )
    before, after, night = ClassSession.objects.all()
    assert [wall(before), wall(after)] == ["2031-03-29 08:00", "2031-03-31 08:00"]
    assert (before.starts_at.hour, after.starts_at.hour) == (8, 7), "the clocks changed in between"
    assert (before.capacity, before.amount, before.currency, before.credits_required) == (12, 1200, "gbp", 1)
    assert night.ends_at - night.starts_at == timedelta(hours=1), "half past one comes twice in that night"
    assert night.description == "Bring a torch, and\nsomething warm."
    again = imported(str(EXAMPLE))
    assert (again.counts, again.remarks, ClassSession.objects.count()) == ({"unchanged": 3}, [], 3)
    assert laws.broken() == {}


def test_what_a_row_leaves_open_its_kind_says(written: Any) -> None:
    kind(minutes=75, cancellation_tiers="24:50")
    path = written(",Yoga,2031-05-05 18:00,,,,,,,Studio 1\nSpecial,Yoga,2031-05-06 18:00,,30,4,0,EUR,0,\n")
    assert imported(path).counts == {"created": 2}
    usual, special = ClassSession.objects.all()
    assert (usual.title, usual.capacity, usual.amount, usual.credits_required) == ("Yoga", 10, 1500, 1)
    assert usual.ends_at - usual.starts_at == timedelta(minutes=75)
    assert (special.title, special.capacity, special.amount, special.currency) == ("Special", 4, 0, "eur")
    assert special.ends_at - special.starts_at == timedelta(minutes=30)
    assert {usual.session_type, special.session_type} == {SessionType.objects.get()}
    SessionType.objects.update(capacity=3)
    assert imported(path).counts == {"unchanged": 2}, "what a row leaves open is no difference"


@pytest.mark.parametrize(
    ("zone", "cell", "begins"),
    [
        ("Europe/London", "2031-07-01 18:00", "2031-07-01T17:00"),
        ("Europe/London", "2031-07-01T18:00:00+05:30", "2031-07-01T12:30"),
        ("Europe/London", "2031-07-01T18:00Z", "2031-07-01T18:00"),
        ("Europe/London", "2031-10-26 01:30", "2031-10-26T00:30"),
        ("Europe/London", "2031-10-26 01:30+00:00", "2031-10-26T01:30"),
        ("Europe/London", "2031-03-30 01:30", None),
        ("Europe/London", "2031-03-30 02:00", "2031-03-30T01:00"),
        ("Australia/Lord_Howe", "2031-10-05 02:15", None),
        ("Australia/Lord_Howe", "2031-10-05 02:30", "2031-10-04T15:30"),
        ("Africa/Cairo", "2031-04-25 00:30", None),
    ],
)
def test_a_time_is_read_by_the_studios_clock(
    written: Any, settings: Any, zone: str, cell: str, begins: str | None
) -> None:
    settings.STUDIO_TIME_ZONE = zone
    run = imported(written(f"Yoga,,{cell},,60,10,1500,,,\n"))
    if begins is None:
        assert run.remarks == [f"line 2: starts_at: The clocks skip {cell}; write it with its offset, as 18:00+01:00."]
        assert not ClassSession.objects.exists()
    else:
        assert ClassSession.objects.get().starts_at.isoformat()[:16] == begins


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (",,2031-05-05 18:00,,60,10,1500,,,", "title: Give a title, or a session_type."),
        (",Spin,2031-05-05 18:00,,60,10,1500,,,", "session_type: There is no kind of session named 'Spin'."),
        (f"{'x' * 201},,2031-05-05 18:00,,60,10,1500,,,", "title: Ensure this field has no more than 200 characters."),
        ("Yoga,,,,60,10,1500,,,", "starts_at: This field is required."),
        ("Yoga,,05/05/2031 18:00,,60,10,1500,,,", "starts_at: '05/05/2031 18:00' is not a moment, as"),
        ("Yoga,,2031-05-05,,60,10,1500,,,", "starts_at: '2031-05-05' says no time"),
        ("Yoga,,0001-01-01 00:00+14:00,,60,10,1500,,,", "starts_at: '0001-01-01 00:00+14:00' is not a moment"),
        ("Yoga,,1999-05-05 18:00,,60,10,1500,,,", "starts_at: Ensure this value is greater than or equal to 2000"),
        ("Yoga,,2031-05-05 18:00,2031-05-05 19:00,60,10,1500,,,", "minutes: Give ends_at or minutes, not both."),
        ("Yoga,,2031-05-05 18:00,2031-05-05 18:00,,10,1500,,,", "ends_at: A session ends after it starts."),
        ("Yoga,,2031-05-05 18:00,,,10,1500,,,", "ends_at: This field is required."),
        ("Yoga,,2031-05-05 18:00,,1441,10,1500,,,", "minutes: Ensure this value is less than or equal to 1440."),
        ("Yoga,,2031-05-05 18:00,,60,,1500,,,", "capacity: This field is required."),
        ("Yoga,,2031-05-05 18:00,,60,100001,1500,,,", "capacity: Ensure this value is less than or equal to 100000."),
        ("Yoga,,2031-05-05 18:00,,60,10,12.00,,,", "amount: '12.00' is not in whole minor units: 12.00 pounds"),
        ("Yoga,,2031-05-05 18:00,,60,10,-5,,,", "amount: '-5' is not in whole minor units"),
        ("Yoga,,2031-05-05 18:00,,60,10,12,,,", "amount: The least that can be charged in gbp is 30. 0 is free."),
        ("Yoga,,2031-05-05 18:00,,60,10,100000000,,,", "amount: Ensure this value is less than or equal to 99999999."),
        ("Yoga,,2031-05-05 18:00,,60,10,1500,xyz,,", 'currency: "xyz" is not a valid choice.'),
        ("Yoga,,2031-05-05 18:00,,60,10,1500,,10001,", "credits_required: Ensure this value is less than or"),
        ("Good,,2031-05-05 17:00Z,,60,10,1500,,,", "title, starts_at, location: they stand on line 2 already"),
    ],
    ids=lambda cell: cell[:50],
)  # fmt: skip
def test_a_bad_row_says_why_and_stops_no_other(written: Any, cells: str, told: str) -> None:
    path = written(f"Good,,2031-05-05 18:00,,60,10,1500,,,\n{cells}\nLater,,2031-05-05 18:00,,60,10,1500,,,\n")
    dry, real = imported(path, "--dry-run"), imported(path)
    assert (dry.status, dry.counts, dry.remarks) == (real.status, real.counts, real.remarks)
    assert (real.status, real.counts) == (1, {"created": 2, "refused": 1})
    assert real.remarks[0].startswith(f"line 3: {told}")
    assert [one.title for one in ClassSession.objects.order_by("title")] == ["Good", "Later"]


def test_a_session_that_differs_is_told_and_changed_only_when_staff_say_so(written: Any) -> None:
    one = session()
    path = written(row(one, capacity=8, amount=1800))
    left = imported(path)
    assert (left.status, left.counts) == (0, {"differing": 1})
    assert left.remarks == [
        "line 2: capacity, amount: differs from the session that is there, which stays; --update takes the file's"
    ]
    assert as_it_stands(one) == (10, 1500, 1)
    dry = imported(path, "--update", "--dry-run")
    assert as_it_stands(one) == (10, 1500, 1)
    assert (dry.counts, dry.remarks) == ({"updated": 1}, [])
    assert imported(path, "--update").counts == {"updated": 1}
    assert as_it_stands(one) == (8, 1800, 1)
    assert imported(path, "--update").counts == {"unchanged": 1}


def test_another_start_or_place_is_another_session(written: Any) -> None:
    one = session()
    later = (one.starts_at + timedelta(minutes=5)).isoformat()
    path = written(row(one, location="Studio 2") + row(one, starts_at=later))
    assert imported(path, "--update").counts == {"created": 2}
    assert ClassSession.objects.count() == 3


def test_who_has_booked_keeps_the_price_and_staff_are_told_of_the_seats(
    written: Any, as_ana: Caller, sandbox: Sandbox
) -> None:
    one = session()
    paid_by_card(as_ana, one, sandbox)
    path = written(row(one, amount=1800, credits_required=2))
    assert "which stays; 1 of its seats are taken; --update" in imported(path).remarks[0]
    changed = imported(path, "--update")
    assert changed.counts == {"updated": 1}
    assert changed.remarks == [
        "line 2: amount, credits_required: changed; 1 of its seats are taken, which keep what was agreed"
    ]
    assert as_it_stands(one) == (10, 1800, 2)
    assert Booking.objects.get().amount == 1500
    below = imported(written(row(one, capacity=0)), "--update")
    assert (below.status, below.remarks) == (1, [TOO_FEW])
    assert seats_match()
    assert laws.broken() == {}


def test_a_raised_capacity_is_offered_to_who_waits(
    written: Any, as_ana: Caller, as_ben: Caller, ana: Member, ben: Member
) -> None:
    one = session(capacity=1)
    give_credits(ana, 1)
    assert as_ana.book(one).status_code == 201
    assert as_ben.post(f"/api/booking/sessions/{one.pk}/waitlist/").status_code == 201
    assert imported(written(row(one, capacity=2)), "--update").counts == {"updated": 1}
    assert Booking.objects.get(member=ben).status == "pending", "the seat is Ben's to take"
    assert seats_match()
    assert laws.broken() == {}


def test_a_cancelled_session_stays_cancelled(written: Any) -> None:
    one = session()
    assert one.cancel(now=timezone.now())
    run = imported(written(row(one, capacity=3)), "--update")
    assert (run.counts, run.remarks) == ({"differing": 1}, ["line 2: the session is cancelled, and stays so"])
    assert ClassSession.objects.count() == 1


def test_two_sessions_that_nobody_can_tell_apart_are_not_touched(written: Any) -> None:
    one = session()
    session(starts_at=one.starts_at)
    run = imported(written(row(one, capacity=3)), "--update")
    assert (run.status, run.remarks) == (1, ["line 2: 2 sessions are the same by title, start and place"])
    assert set(ClassSession.objects.values_list("capacity", flat=True)) == {10}


def test_the_queries_of_a_batch_do_not_grow_with_its_rows(written: Any) -> None:
    def queries(rows: int) -> int:
        path = written("".join(f"Yoga,,2031-05-05 18:00,,60,10,1500,,,Room {room}\n" for room in range(rows)))
        imported(path)
        with CaptureQueriesContext(connection) as asked:
            assert imported(path).counts == {"unchanged": rows}
        return len(asked)

    assert queries(3) == queries(150)


def test_a_run_waits_for_another_that_is_at_work_and_finds_what_it_has_made(written: Any) -> None:
    one = session(title="Kept for its row")
    path = written(row(one, title="Yoga"))
    begun, go_on, late = threading.Event(), threading.Event(), []

    def at_work() -> None:
        with transaction.atomic():
            runs.take_turn("import_sessions")
            session(starts_at=one.starts_at)
            begun.set()
            assert go_on.wait(10)
        connection.close()

    def comes_later() -> None:
        late.append(imported(path))
        connection.close()

    first, second = threading.Thread(target=at_work), threading.Thread(target=comes_later)
    first.start()
    assert begun.wait(10)
    second.start()
    second.join(1)
    assert late == [], "it did not wait"
    go_on.set()
    first.join(10)
    second.join(10)
    assert late[0].counts == {"unchanged": 1}
    assert ClassSession.objects.filter(title="Yoga").count() == 1
