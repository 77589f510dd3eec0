"""Cron stands still: the probes say so, and seats come back all the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.models import Booking
from notifications import delivery
from notifications.models import Message
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, age, code, give_credits, intent_of, seats_match, session


def gauge(anyone: Caller, name: str) -> float:
    lines = anyone.get("/metrics").content.decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def test_metrics_are_prometheus_text_about_the_studio(as_ana: Caller, anyone: Caller, sandbox: Sandbox) -> None:
    as_ana.book(session())
    answer = anyone.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert 'holdfast_bookings{status="pending"} 1.0' in answer.content.decode()
    assert gauge(anyone, "holdfast_holds") == 1
    assert gauge(anyone, "holdfast_stale_holds") == 0


def test_a_stale_hold_is_late_only_when_cron_should_have_come(as_ana: Caller, anyone: Caller, sandbox: Sandbox) -> None:
    reference = as_ana.book(session()).json()["reference"]
    age(reference, 40)
    assert anyone.get("/readyz").status_code == 200
    assert gauge(anyone, "holdfast_stale_holds") == 1
    age(reference, 10)
    answer = anyone.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["stale_holds: the oldest of 1 is 20 minutes overdue"]
    assert 1199 <= gauge(anyone, "holdfast_stale_holds_oldest_seconds") <= 1260


def test_an_owed_refund_and_a_message_that_wait_are_late(
    as_ana: Caller, anyone: Caller, sandbox: Sandbox, settings: Any
) -> None:
    as_ana.book(session())
    long_ago = timezone.now() - timedelta(hours=1)
    payment = Payment.objects.get()
    Refund.objects.create(
        payment=payment, key="k", amount=1, currency="gbp", reason="x", due_at=long_ago, created_at=long_ago
    )
    give_credits(payment.member, 1)
    as_ana.book(session())
    assert delivery.lane.wait(20)
    Message.objects.update(status="queued", due_at=long_ago)
    problems = anyone.get("/readyz").json()["problems"]
    assert [problem.split(":")[0] for problem in problems] == ["refunds_owed", "messages_due"]


def test_a_full_session_gives_a_stale_seat_to_whoever_asks(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    full = session(capacity=1)
    reference = as_ana.book(full).json()["reference"]
    assert code(as_ben.book(full)) == "session_full"
    age(reference, 31)
    assert as_ben.book(full).status_code == 201
    assert as_ana.booking(reference)["ended_reason"] == "expired"
    assert sorted(intent["status"] for intent in sandbox.intents()) == ["canceled", "requires_payment_method"]
    assert seats_match()


def test_a_stale_hold_that_was_paid_after_all_keeps_its_seat(as_ana: Caller, as_ben: Caller, sandbox: Sandbox) -> None:
    full = session(capacity=1)
    held = as_ana.book(full)
    sandbox.pays(intent_of(held))
    age(held.json()["reference"], 31)
    assert code(as_ben.book(full)) == "session_full"
    assert as_ana.booking(held.json()["reference"])["status"] == "paid"


@pytest.mark.parametrize("fault", ["status_before", "reset_after"])
def test_while_stripe_is_silent_a_stale_seat_stays_held(
    as_ana: Caller, as_ben: Caller, sandbox: Sandbox, fault: str
) -> None:
    full = session(capacity=1)
    age(as_ana.book(full).json()["reference"], 31)
    sandbox.fault(fault, "/cancel$", times=2, status=500)
    assert code(as_ben.book(full)) == "session_full"
    assert Booking.objects.get().status == "pending"
    assert seats_match()


def test_the_work_for_one_request_is_bounded(as_ben: Caller, sandbox: Sandbox) -> None:
    from members.models import Member

    full = session(capacity=8)
    for number in range(8):
        member = Member.objects.create_user(f"m{number}@example.com", "long-enough-1", name="M")
        held = Caller(member).book(full)
        sandbox.pays(intent_of(held))
        age(held.json()["reference"], 31)
    assert code(as_ben.book(full)) == "session_full"
    assert Booking.objects.filter(status="pending").count() == 5
