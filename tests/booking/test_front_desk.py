"""The front desk: who comes, and who has come."""

from datetime import timedelta

import pytest
from django.utils import timezone
from freezegun import freeze_time

from booking.models import Booking, ClassSession
from members.models import Member
from tests.cast import Caller, Sandbox, code, give_credits, paid_by_card, session


def roster(caller: Caller, one: ClassSession, **query: int) -> list[dict[str, object]]:
    answer = caller.get(f"/api/booking/sessions/{one.pk}/roster/", **query)
    assert answer.status_code == 200
    return list(answer.json()["results"])


def check_in(reference: str) -> str:
    return f"/api/booking/bookings/{reference}/check-in/"


@pytest.fixture
def yoga(sandbox: Sandbox) -> ClassSession:
    return session(starts_at=timezone.now() + timedelta(hours=1))


def test_the_roster_names_everyone_who_has_a_seat_and_how_it_is_paid(
    as_ana: Caller, as_ben: Caller, as_carla: Caller, ana: Member, carla: Member, yoga: ClassSession, sandbox: Sandbox
) -> None:
    paid = paid_by_card(as_ana, yoga, sandbox)
    held = as_ben.book(yoga, "card").json()["reference"]
    gone = as_carla.book(yoga, "card").json()["reference"]
    as_carla.post(f"/api/booking/bookings/{gone}/cancel/")
    first, second = roster(as_carla, yoga)
    assert first == {
        "reference": paid,
        "status": "paid",
        "paid_with": "card",
        "amount": 1500,
        "currency": "gbp",
        "member": {"id": ana.pk, "name": "Ana", "email": "ana@example.com", "phone": "+447700900123"},
        "checked_in_at": None,
    }
    assert (second["reference"], second["status"], second["paid_with"]) == (held, "pending", None)
    assert [row["reference"] for row in roster(as_carla, yoga, page_size=1)] == [paid]


def test_whoever_has_come_is_checked_in_once(as_ana: Caller, as_carla: Caller, ana: Member, yoga: ClassSession) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(yoga).json()["reference"]
    with freeze_time(timezone.now() + timedelta(minutes=50), tick=True):
        first = as_carla.post(check_in(reference))
        again = as_carla.post(check_in(reference.lower()))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["checked_in_at"] == again.json()["checked_in_at"] is not None
    assert code(as_ana.post(f"/api/booking/bookings/{reference}/cancel/")) == "not_cancellable"
    for _ in range(2):
        undone = as_carla.send("DELETE", check_in(reference))
        assert (undone.status_code, undone.json()["checked_in_at"]) == (200, None)
    assert as_ana.post(f"/api/booking/bookings/{reference}/cancel/").status_code == 200


@pytest.mark.parametrize("status", ["pending", "freed", "cancelled"])
def test_nobody_is_checked_in_who_has_not_paid(
    as_ana: Caller, as_carla: Caller, ana: Member, yoga: ClassSession, status: str
) -> None:
    give_credits(ana, 1)
    reference = as_ana.book(yoga, "credits" if status == "cancelled" else "card").json()["reference"]
    if status != "pending":
        as_ana.post(f"/api/booking/bookings/{reference}/cancel/")
    assert as_ana.booking(reference)["status"] == status
    assert code(as_carla.post(check_in(reference))) == "not_paid"
    assert Booking.objects.get(reference=reference).checked_in_at is None


def test_the_desk_is_for_staff(as_ana: Caller, anyone: Caller, as_carla: Caller, yoga: ClassSession) -> None:
    reference = as_ana.book(yoga, "card").json()["reference"]
    for caller, status in ((as_ana, 403), (anyone, 401)):
        assert caller.get(f"/api/booking/sessions/{yoga.pk}/roster/").status_code == status
        assert caller.post(check_in(reference)).status_code == status
        assert caller.send("DELETE", check_in(reference)).status_code == status
    assert as_carla.get("/api/booking/sessions/999/roster/").status_code == 404
    assert as_carla.post(check_in("0000AAAA")).status_code == 404
