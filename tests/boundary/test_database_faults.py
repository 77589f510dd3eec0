"""The database lets a right transaction down: tried again where that may help, else 503, and nothing is doubled.

The error is raised where the driver raises it, at the n-th statement; `tests/faults` has a real PostgreSQL raise it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from psycopg import errors
from psycopg_pool import PoolTimeout

from booking.models import Booking, BookingTransition
from boundary import faults
from members.models import Member
from payments.models import CreditSpend, Payment, StripeEvent
from tests.cast import Caller, Sandbox, code, give_credits, intent_of, seats_match, session, tell

PASSING = [errors.DeadlockDetected, errors.SerializationFailure, errors.AdminShutdown, psycopg.OperationalError]
STAYING = [errors.LockNotAvailable, errors.DiskFull, errors.TooManyConnections, errors.QueryCanceled, PoolTimeout]
# As a statement of its own, or as a part of the one that books.
BOOK = "INSERT INTO booking_booking ("


@contextmanager
def at(text: str, error: type[Exception], times: int = 1) -> Iterator[list[str]]:
    """The first statements that hold the text fail so; lists those that did."""
    failed: list[str] = []

    def spoil(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if text in sql.replace('"', "") and len(failed) < times:
            failed.append(sql)
            raise OperationalError("the database said no") from error("no")
        return execute(sql, *rest)

    with connection.execute_wrapper(spoil):
        yield failed


@pytest.mark.parametrize("error", PASSING)
@pytest.mark.parametrize("text", ["FROM booking_classsession", BOOK, "seats_taken"])
def test_a_booking_is_tried_again_and_made_once(as_ana: Caller, ana: Member, error: type[Exception], text: str) -> None:
    give_credits(ana, 2)
    yoga = session()
    with at(text, error) as failed:
        answer = as_ana.book(yoga, "credits")
    assert failed
    assert answer.status_code == 201
    assert Booking.objects.count() == CreditSpend.objects.count() == BookingTransition.objects.count() == 1
    assert as_ana.get("/api/payments/credits/").json()["balance"] == 1
    assert seats_match()


@pytest.mark.parametrize("error", STAYING)
@pytest.mark.parametrize("text", ["members_membersession", BOOK])
def test_what_does_not_pass_at_once_is_503_and_nothing_stands(
    as_ana: Caller, ana: Member, error: type[Exception], text: str
) -> None:
    give_credits(ana, 1)
    with at(text, error) as failed:
        answer = as_ana.book(session(), "credits")
    assert len(failed) == 1
    assert (answer.status_code, code(answer)) == (503, "service_unavailable")
    assert answer["Retry-After"]
    assert not Booking.objects.exists()
    assert seats_match()


def test_nothing_is_tried_again_inside_a_transaction_that_the_error_has_ended() -> None:
    fault = OperationalError("the database said no")
    fault.__cause__ = errors.DeadlockDetected("no")
    with transaction.atomic():
        assert not faults.is_passing(fault)


def test_a_database_that_never_recovers_is_not_asked_for_ever(as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    with at(BOOK, errors.DeadlockDetected, times=100) as failed:
        answer = as_ana.book(session(), "credits")
    assert 1 < len(failed) <= 5
    assert (answer.status_code, code(answer)) == (503, "payments_unavailable")
    assert not Booking.objects.exists()


def test_a_hold_whose_intent_could_not_be_stored_is_continued_in_the_same_request(
    as_ana: Caller, sandbox: Sandbox
) -> None:
    with at("UPDATE payments_payment", errors.AdminShutdown) as failed:
        answer = as_ana.book(session(), "card")
    assert failed
    assert answer.status_code == 201
    [intent] = sandbox.intents()
    assert intent_of(answer) == intent["id"] == Payment.objects.get(status="open").stripe_intent_id


@pytest.mark.parametrize("error", PASSING)
def test_an_event_is_tried_again_and_applied_once(as_ana: Caller, sandbox: Sandbox, error: type[Exception]) -> None:
    sandbox.pays(intent_of(as_ana.book(session(), "card")))
    [event] = sandbox.events("payment_intent.succeeded")
    with at("UPDATE booking_booking", error) as failed:
        answer = tell(event)
    assert failed
    assert (answer.status_code, answer.json()) == (200, {"received": "applied"})
    assert (Booking.objects.get().status, StripeEvent.objects.count()) == ("paid", 1)


@pytest.mark.parametrize("error", STAYING)
def test_an_event_that_could_not_be_applied_is_never_answered_2xx(
    as_ana: Caller, sandbox: Sandbox, error: type[Exception]
) -> None:
    sandbox.pays(intent_of(as_ana.book(session(), "card")))
    [event] = sandbox.events("payment_intent.succeeded")
    with at("UPDATE booking_booking", error):
        answer = tell(event)
    assert (answer.status_code, code(answer)) == (503, "service_unavailable")
    assert answer["Retry-After"]
    assert (Booking.objects.get().status, StripeEvent.objects.count()) == ("pending", 0)
    assert tell(event).json() == {"received": "applied"}


def test_signing_in_is_503_while_the_database_is_not_there(anyone: Caller, ana: Member) -> None:
    with at("members_member", errors.CannotConnectNow):
        body = {"email": "ana@example.com", "password": "ana-and-the-wall"}
        answer = anyone.post("/_allauth/app/v1/auth/login", body)
    assert (answer.status_code, code(answer)) == (503, "service_unavailable")


def test_a_command_says_so_and_exits_1(capsys: Any) -> None:
    with at("booking_booking", errors.CannotConnectNow), pytest.raises(SystemExit) as ended:
        call_command("expire_pending_bookings")
    assert ended.value.code == 1
    assert "The database could not serve" in capsys.readouterr().err
