"""What staff may do to a session in the admin: the same as over the API, and a refusal they can read."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models.signals import pre_save
from django.test import Client

from booking.models import ClassSession
from members.models import Member
from tests.cast import Caller, Sandbox, session

FORM = {
    "title": "Spin", "capacity": "3", "amount": "1000", "currency": "gbp", "credits_required": "1",
    "starts_at_0": "2027-07-01", "starts_at_1": "18:00", "ends_at_0": "2027-07-01", "ends_at_1": "19:00",
}  # fmt: skip


@pytest.fixture
def desk(carla: Member) -> Client:
    """Carla's browser: staff who may see and change sessions, and nothing else."""
    names = ("view_classsession", "change_classsession")
    carla.user_permissions.set(Permission.objects.filter(codename__in=names))
    browser = Client()
    browser.force_login(carla)
    return browser


@pytest.fixture
def taken(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> ClassSession:
    """A session of three seats, two of them held."""
    one = session(capacity=3)
    for caller in (as_ana, as_ben):
        assert caller.book(one, "card").status_code == 201
    return one


def change(desk: Client, one: ClassSession, **fields: str) -> Any:
    return desk.post(f"/admin/booking/classsession/{one.pk}/change/", {**FORM, "_confirmed": "yes", **fields})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"capacity": "1"}, "2 seats are taken already."),
        ({"amount": "40", "currency": "jpy"}, "The least that can be charged in jpy is 50."),
        ({"amount": "29"}, "The least that can be charged in gbp is 30."),
        ({"currency": "mxn", "amount": "999"}, "The least that can be charged in mxn is 1000."),
        ({"currency": "GBP"}, "One of "),
        ({"currency": "xxx"}, "One of "),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"ends_at_1": "17:00"}, "A session ends after it starts."),
    ],
    ids=["fewer seats than taken", "yen", "pence", "pesos", "upper case", "no currency", "negative", "ends early"],
)
def test_what_the_api_refuses_the_admin_refuses_in_words(
    desk: Client, taken: ClassSession, fields: dict[str, str], error: str
) -> None:
    page = change(desk, taken, **fields)
    assert page.status_code == 200
    assert error in page.content.decode()
    taken.refresh_from_db()
    assert (taken.title, taken.capacity, taken.amount, taken.currency) == ("Yoga", 3, 1500, "gbp")


def test_a_form_that_is_right_is_saved_and_leaves_the_seats_alone(desk: Client, taken: ClassSession) -> None:
    assert change(desk, taken, capacity="2", seats_taken="0").status_code == 302
    taken.refresh_from_db()
    assert (taken.title, taken.capacity, taken.seats_taken) == ("Spin", 2, 2)


@pytest.fixture
def seat_taken_while_saving(taken: ClassSession) -> Iterator[None]:
    def take(**kwargs: Any) -> None:
        ClassSession.objects.filter(pk=taken.pk).update(seats_taken=3)

    pre_save.connect(take, sender=ClassSession)
    yield
    pre_save.disconnect(take, sender=ClassSession)


def test_a_seat_taken_between_looking_and_saving_is_a_message_and_no_crash(
    desk: Client, taken: ClassSession, seat_taken_while_saving: None
) -> None:
    answer = change(desk, taken, capacity="2")
    assert answer.status_code == 302
    assert "A seat was taken meanwhile" in desk.get(answer["Location"]).content.decode()
    taken.refresh_from_db()
    assert (taken.title, taken.capacity) == ("Yoga", 3)
