"""Staff move a session: everyone who holds a seat is told, once for each time it moves."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member
from notifications import delivery
from notifications.models import Message
from tests.cast import Caller, Sandbox, session

SUMMER = datetime.fromisoformat("2027-07-01T17:00:00+00:00")


@pytest.fixture
def yoga() -> ClassSession:
    return session(starts_at=SUMMER, amount=0)


def patch(caller: Caller, one: ClassSession, **fields: Any) -> ClassSession:
    fields = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
    assert caller.patch(f"/api/booking/sessions/{one.pk}/", fields).status_code == 200
    assert delivery.lane.wait(20)
    one.refresh_from_db()
    return one


def moved(one: ClassSession, hours: int) -> dict[str, datetime]:
    return {name: getattr(one, name) + timedelta(hours=hours) for name in ("starts_at", "ends_at")}


def told() -> list[Message]:
    return list(Message.objects.filter(kind="session_moved").order_by("created_at", "subject"))


def test_a_booked_member_is_told_the_new_start_in_studio_time(
    as_ana: Caller, as_carla: Caller, yoga: ClassSession, sandbox: Sandbox
) -> None:
    reference = as_ana.book(yoga).json()["reference"]
    assert delivery.lane.wait(20)
    assert patch(as_carla, yoga, **moved(yoga, 2)).revision == 1
    [message] = told()
    assert (message.subject, message.status) == (f"booking:{reference}:1", "sent")
    sent = sandbox.messages()[0]
    assert list(sent["variables"].values()) == ["Ana", "Yoga", "Thu 1 Jul 2027, 18:00", "Thu 1 Jul 2027, 20:00"]


def test_each_move_is_told_once(as_ana: Caller, as_carla: Caller, yoga: ClassSession) -> None:
    reference = as_ana.book(yoga).json()["reference"]
    for _ in range(2):
        patch(as_carla, yoga, starts_at=SUMMER + timedelta(hours=1), ends_at=SUMMER + timedelta(hours=3))
    patch(as_carla, yoga, starts_at=SUMMER)
    assert [message.subject for message in told()] == [f"booking:{reference}:{revision}" for revision in (1, 2)]
    assert yoga.revision == 2


def test_another_room_is_told_with_the_start(as_ana: Caller, as_carla: Caller, yoga: ClassSession) -> None:
    as_ana.book(yoga)
    patch(as_carla, yoga, location="Studio 2")
    [message] = told()
    assert message.variables["new_start"] == "Thu 1 Jul 2027, 18:00, Studio 2"


@pytest.mark.parametrize(
    ("fields", "revision"),
    [
        ({"title": "Slow yoga"}, 1),
        ({"ends_at": SUMMER + timedelta(hours=2)}, 1),
        ({"capacity": 11, "instructor": "Femi", "description": "Bring a mat", "amount": 1200}, 0),
        ({"title": "Yoga", "starts_at": SUMMER, "location": "Studio 1"}, 0),
    ],
    ids=["title", "end", "nothing a calendar shows", "the same again"],
)
def test_what_is_no_move_is_not_told(
    as_ana: Caller, as_carla: Caller, yoga: ClassSession, fields: dict[str, Any], revision: int
) -> None:
    as_ana.book(yoga)
    assert patch(as_carla, yoga, **fields).revision == revision
    assert told() == []


def test_holds_and_offers_are_told_and_nobody_else(
    as_ana: Caller, as_carla: Caller, ana: Member, ben: Member, carla: Member, sandbox: Sandbox
) -> None:
    spin = session(starts_at=SUMMER, title="Spin")
    held = as_ana.book(spin, "card").json()["reference"]
    offer = Booking(member=ben, session=spin, status="pending", pay_with="auto", currency="gbp")
    offer.created_at, offer.expires_at = timezone.now(), timezone.now() + timedelta(hours=2)
    offer.start(by="waitlist", reason="offer")
    ClassSession.objects.filter(pk=spin.pk).update(seats_taken=2)
    gone = Booking(member=carla, session=spin, status="freed", pay_with="card", currency="gbp")
    gone.created_at = timezone.now()
    gone.start(by="member", reason="hold")
    patch(as_carla, spin, **moved(spin, 1))
    assert {message.subject for message in told()} == {f"booking:{held}:1", f"booking:{offer.reference}:1"}


def test_what_has_begun_or_is_cancelled_is_put_right_without_a_word(
    as_ana: Caller, as_carla: Caller, yoga: ClassSession
) -> None:
    as_ana.book(yoga)
    ClassSession.objects.update(status="cancelled")
    patch(as_carla, yoga, **moved(yoga, 1))
    ClassSession.objects.update(status="scheduled")
    past = timezone.now() - timedelta(hours=3)
    patch(as_carla, yoga, starts_at=past, ends_at=past + timedelta(hours=1))
    assert (told(), yoga.revision) == ([], 2)


def test_a_move_that_is_refused_tells_nobody(as_ana: Caller, as_carla: Caller, yoga: ClassSession) -> None:
    as_ana.book(yoga)
    late = {**moved(yoga, 1), "capacity": 0}
    body = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in late.items()}
    assert as_carla.patch(f"/api/booking/sessions/{yoga.pk}/", body).status_code == 400
    yoga.refresh_from_db()
    assert (told(), yoga.revision, yoga.starts_at) == ([], 0, SUMMER)


def test_the_admin_tells_it_too(as_ana: Caller, carla: Member, yoga: ClassSession) -> None:
    as_ana.book(yoga)
    names = ("view_classsession", "change_classsession")
    carla.user_permissions.set(Permission.objects.filter(codename__in=names))
    desk = Client()
    desk.force_login(carla)
    form = {
        "title": "Yoga", "instructor": "Isla", "location": "Studio 1", "description": "", "capacity": "10",
        "amount": "0", "currency": "gbp", "credits_required": "1", "starts_at_0": "2027-07-01",
        "starts_at_1": "19:30", "ends_at_0": "2027-07-01", "ends_at_1": "20:30", "_confirmed": "yes",
    }  # fmt: skip
    for _ in range(2):
        assert desk.post(f"/admin/booking/classsession/{yoga.pk}/change/", form).status_code == 302
    assert delivery.lane.wait(20)
    [message] = told()
    assert message.variables["new_start"] == "Thu 1 Jul 2027, 19:30"
    yoga.refresh_from_db()
    assert (yoga.revision, yoga.seats_taken) == (1, 1)


def test_an_old_copy_of_a_session_does_not_count_back(yoga: ClassSession) -> None:
    old = ClassSession.objects.get(pk=yoga.pk)
    yoga.location = "Studio 2"
    yoga.save()
    old.description = "Bring a mat"
    old.save(update_fields=["description"])
    old.title = "Slow yoga"
    old.save(update_fields=["title"])
    assert ClassSession.objects.get().revision == 2


def test_a_full_session_is_told_whole(as_carla: Caller, sandbox: Sandbox) -> None:
    crowd = session(starts_at=SUMMER, amount=0, capacity=60)
    for number in range(60):
        member = Member.objects.create_user(f"m{number}@example.com", name=f"M{number}")
        booking = Booking(member=member, session=crowd, status="paid", paid_with="free", pay_with="auto")
        booking.currency, booking.created_at, booking.paid_at = "gbp", timezone.now(), timezone.now()
        booking.start(by="member", reason="free")
    ClassSession.objects.update(seats_taken=60)
    patch(as_carla, crowd, **moved(crowd, 1))
    assert len(told()) == 60
    call_command("deliver_messages", stdout=StringIO())
    assert {message.status for message in told()} == {"skipped"}
    assert all(message.emailed_at for message in told())
