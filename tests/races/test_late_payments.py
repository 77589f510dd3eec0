"""Money that comes when the hold is gone, told many times at one instant by events of different ids."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from booking import settlement
from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications.models import Message
from payments.models import Payment, Refund, StripeEvent
from tests.cast import Caller, Sandbox, give_credits, intent_of, seats_match, session
from tests.races.clients import at_once, tally, tell, together
from tests.races.conftest import Ready
from tests.races.server import Server
from tests.races.sizes import DUPLICATES, RUNS

pytestmark = pytest.mark.load


@pytest.fixture
def late(as_ana: Caller, sandbox: Sandbox) -> Any:
    """The event of a payment for the only seat of a session; the hold was gone before the card paid."""
    intent = intent_of(as_ana.book(session(capacity=1)))
    with transaction.atomic():
        settlement.free(Booking.objects.get(), reason="expired", by="test", now=timezone.now())
    sandbox.pays(intent)
    [event] = sandbox.events("payment_intent.succeeded")
    return event


def hear(server: Server, event: Any) -> None:
    """The event, again and again, at one instant."""
    answers = at_once(server.base, [tell(event | {"id": f"evt_{number}"}) for number in range(DUPLICATES)])
    assert tally(answers) == {(200, ""): DUPLICATES}
    assert StripeEvent.objects.count() == DUPLICATES
    server.wait_until_calm()


def told(kind: str) -> int:
    """How many messages of a kind Ana has been owed."""
    return Message.objects.filter(kind=kind, member__email="ana@example.com").count()


def assert_returned_once(sandbox: Sandbox, ready: Ready) -> None:
    """One debt; several runs of the command at once give it back, once; the member is told once."""
    refund = Refund.objects.get()
    assert (refund.amount, refund.currency, refund.status, refund.reason) == (1500, "gbp", "due", "late_payment")
    assert refund.payment == Payment.objects.get(status="paid")
    runs = together(ready("submit_refunds", runs=RUNS))
    assert [run.status for run in runs] == [0] * RUNS, [run.said for run in runs]
    assert [(one["amount"], one["status"]) for one in sandbox.every("refunds")] == [(1500, "succeeded")]
    assert Refund.objects.get().status == "succeeded"
    assert (told("booking_paid"), told("refund_done"), told("refund_failed")) == (0, 1, 0)
    assert seats_match()


def test_late_money_seats_the_member_again_once(server: Server, late: Any, sandbox: Sandbox) -> None:
    hear(server, late)
    booking = Booking.objects.get()
    assert (booking.status, booking.session.seats_taken, Refund.objects.count()) == ("paid", 1, 0)
    moves = BookingTransition.objects.values_list("from_status", "to_status")
    assert list(moves) == [("", "pending"), ("pending", "freed"), ("freed", "paid")]
    assert (told("booking_paid"), told("refund_done")) == (1, 0)
    assert sandbox.every("refunds") == []


def the_seat_is_gone(ben: Member) -> None:
    give_credits(ben, 1)
    assert Caller(ben).book(ClassSession.objects.get()).status_code == 201


def the_session_is_cancelled(ben: Member) -> None:
    ClassSession.objects.update(status=ClassSession.Status.CANCELLED)


def the_session_has_begun(ben: Member) -> None:
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize("meanwhile", [the_seat_is_gone, the_session_is_cancelled, the_session_has_begun])
def test_late_money_that_seats_nobody_goes_back_once(
    server: Server, late: Any, ben: Member, sandbox: Sandbox, ready: Ready, meanwhile: Callable[[Member], None]
) -> None:
    meanwhile(ben)
    hear(server, late)
    assert Booking.objects.get(member__email="ana@example.com").status == "freed"
    assert_returned_once(sandbox, ready)


def test_under_the_policy_refund_late_money_goes_back_once_although_the_seat_is_free(
    refunding: Server, late: Any, sandbox: Sandbox, ready: Ready
) -> None:
    hear(refunding, late)
    assert (Booking.objects.get().status, ClassSession.objects.get().seats_taken) == ("freed", 0)
    assert_returned_once(sandbox, ready)
