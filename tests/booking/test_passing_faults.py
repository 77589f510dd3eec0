"""Faults of the database that have passed when the booking is tried again, and those that have not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from booking.models import Booking
from members.models import Member
from tests.cast import Caller, Sandbox, code, give_credits, seats_match, session


@contextmanager
def spoilt(before: str | tuple[str, ...], cause: Exception | None, times: int = 1) -> Iterator[None]:
    """The next statements that begin like this fail as the driver would have them fail."""
    left = times

    def fail(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if left and sql.startswith(before):
            left -= 1
            raise OperationalError("the database said so") from cause
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        yield


# Whichever way the booking is written.
INSERT = ('INSERT INTO "booking_booking"', "WITH first AS")


@pytest.mark.parametrize("times", [1, 4])
def test_a_deadlock_is_tried_again(as_ana: Caller, ana: Member, times: int) -> None:
    give_credits(ana, 1)
    with spoilt(INSERT, psycopg.errors.DeadlockDetected(), times):
        answer = as_ana.book(session())
    assert (answer.status_code, answer.json()["status"]) == (201, "paid")
    assert (Booking.objects.count(), seats_match()) == (1, True)


def test_five_deadlocks_are_too_many(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    with spoilt(INSERT, psycopg.errors.DeadlockDetected(), 5):
        answer = as_ana.book(session())
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert (Booking.objects.count(), seats_match()) == (0, True)


def test_a_database_that_is_full_is_not_asked_again(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    with spoilt(INSERT, psycopg.errors.DiskFull()):
        answer = as_ana.book(session())
    assert answer.status_code == 503
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("key", ["k", None], ids=["with a key", "without a key"])
def test_a_hold_that_was_made_before_the_fault_is_the_answer_and_new(
    as_ana: Caller, sandbox: Sandbox, key: str | None
) -> None:
    """The hold is committed and its intent made; storing the intent's id fails, and the second round finds both."""
    with spoilt('UPDATE "payments_payment"', psycopg.OperationalError("server closed the connection")):
        answer = as_ana.book(session(), key=key)
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    assert answer.json()["stripe_client_secret"] == sandbox.intents()[0]["client_secret"]
    assert (Booking.objects.count(), len(sandbox.intents())) == (1, 1)


def test_an_offer_that_was_taken_before_the_fault_is_the_answer_and_not_new(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox
) -> None:
    one = session(capacity=1)
    held = as_ben.book(one, "card").json()["reference"]
    as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/")
    as_ben.post(f"/api/booking/bookings/{held}/cancel/")
    with spoilt('UPDATE "payments_payment"', psycopg.OperationalError("server closed the connection")):
        answer = as_ana.book(one, "card")
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    assert "stripe_client_secret" in answer.json()
    assert (Booking.objects.count(), seats_match()) == (2, True)


def test_a_booking_that_was_made_before_the_fault_is_no_second_one(as_ana: Caller, ana: Member) -> None:
    """It is paid already, so a booking of somebody else's making would have been refused."""
    give_credits(ana, 1)
    one = session()
    with spoilt('SELECT "booking_booking"', psycopg.errors.SerializationFailure()):
        assert as_ana.book(one).status_code == 201
    again = as_ana.book(one)
    assert (again.status_code, code(again)) == (409, "already_booked")
