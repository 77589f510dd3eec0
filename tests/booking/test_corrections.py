"""Rows that no event would mend: what is written when Stripe's present state takes back what they say."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from booking import settlement
from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications.models import Message
from payments import intents, refunds
from payments.models import Payment, Refund
from payments.stripe_objects import Repayment
from tests.booking.corruptions import Scene
from tests.cast import seats_match, session

LATER = timedelta(minutes=5)


def fact(scene: Scene, **changed: Any) -> Repayment:
    """The one refund there is, as Stripe says it is, or as it might."""
    [refund] = scene.sandbox.stripe("refunds")["data"]
    return Repayment.from_stripe(refund | changed)


def written() -> list[tuple[str, int, str, str, bool]]:
    rows = Refund.objects.order_by("id")
    return [(row.reason, row.amount, row.status, row.failure_code, row.ended_at is not None) for row in rows]


def test_a_refund_believed_failed_has_succeeded_and_what_was_owed_again_is_called_off(scene: Scene) -> None:
    scene.return_late()
    row = Refund.objects.get()
    Refund.objects.update(status="failed", failure_code="by hand")
    refunds.owe_again(row.pk, now=timezone.now())
    row.refresh_from_db()
    refunds.correct(fact(scene), seen=row, now=timezone.now())
    assert written() == [
        ("late_payment", 1500, "succeeded", "", True),
        ("late_payment", 1500, "failed", "already_returned", True),
    ]


def test_a_refund_believed_done_is_still_on_its_way(scene: Scene) -> None:
    scene.return_late()
    row = Refund.objects.get()
    refunds.correct(fact(scene, status="pending"), seen=row, now=timezone.now())
    assert written() == [("late_payment", 1500, "submitted", "", False)]


@pytest.mark.parametrize(("reason", "code"), [("lost_or_stolen_card", "lost_or_stolen_card"), (None, "failed")])
def test_a_failed_refund_of_another_sum_keeps_its_code_and_its_end(scene: Scene, reason: str | None, code: str) -> None:
    scene.return_late()
    ended_at = timezone.now() - timedelta(days=1)
    Refund.objects.update(status="failed", failure_code="by hand", ended_at=ended_at)
    said = fact(scene, status="failed", failure_reason=reason, amount=1400)
    refunds.correct(said, seen=Refund.objects.get(), now=timezone.now())
    assert written() == [("late_payment", 1400, "failed", code, True)]
    assert Refund.objects.get().ended_at == ended_at


def test_a_row_that_has_heard_something_newer_stays(scene: Scene) -> None:
    scene.return_late()
    seen = Refund.objects.get()
    seen.status = "submitted"  # as it was when Stripe was asked
    refunds.correct(fact(scene, status="pending"), seen=seen, now=timezone.now())
    assert written() == [("late_payment", 1500, "succeeded", "", True)]


def test_without_a_row_seen_it_is_recorded_and_nothing_is_taken_back(scene: Scene) -> None:
    scene.return_late()
    refunds.correct(fact(scene, status="pending"), seen=None, now=timezone.now())
    assert written() == [("late_payment", 1500, "succeeded", "", True)]
    Refund.objects.all().delete()
    refunds.correct(fact(scene), seen=None, now=timezone.now())
    assert written() == [("dashboard", 1500, "succeeded", "", True)]


def test_a_refund_of_nobodys_payment_is_nothing(scene: Scene) -> None:
    scene.return_late()
    refunds.correct(fact(scene, payment_intent="pi_other"), seen=Refund.objects.get(), now=timezone.now())
    assert written() == [("late_payment", 1500, "succeeded", "", True)]


def test_a_debt_never_given_back_is_owed_again_at_once(scene: Scene) -> None:
    scene.owe_late()
    Refund.objects.update(status="succeeded", stripe_refund_id="re_1", asked_at=timezone.now(), ended_at=None)
    now = timezone.now() + LATER
    refunds.unmake(Refund.objects.get(), now=now)
    assert written() == [
        ("late_payment", 1500, "failed", "not_at_stripe", True),
        ("late_payment", 1500, "due", "", False),
    ]
    first, again = Refund.objects.order_by("id")
    assert (first.ended_at, again.due_at, again.attempt) == (now, now, 2)


def test_a_gift_of_the_dashboard_that_was_never_made_is_not_owed(scene: Scene) -> None:
    scene.pay()
    scene.act("refund", amount=400)
    scene.news()
    refunds.unmake(Refund.objects.get(), now=timezone.now())
    assert written() == [("dashboard", 400, "failed", "not_at_stripe", True)]


@pytest.mark.parametrize("newer", [{"status": "failed"}, {"stripe_refund_id": "re_2"}], ids=str)
def test_a_row_that_has_changed_since_it_was_seen_is_not_unmade(scene: Scene, newer: dict[str, str]) -> None:
    scene.owe_late()
    Refund.objects.update(status="submitted", stripe_refund_id="re_1")
    seen = Refund.objects.get()
    Refund.objects.update(**newer)
    refunds.unmake(seen, now=timezone.now())
    assert Refund.objects.count() == 1
    assert Refund.objects.get().failure_code == ""


def take_back(payment: Payment) -> None:
    with transaction.atomic():
        settlement.take_back(payment, by="reconcile_payments", now=timezone.now())


def test_a_booking_that_was_never_paid_is_cancelled_and_its_seat_given_back(scene: Scene, ana: Member) -> None:
    scene.pay()
    take_back(scene.payment)
    take_back(scene.payment)
    booking = scene.booking
    assert (booking.status, booking.ended_reason) == ("cancelled", "payment_canceled")
    assert booking.ended_at is not None
    moves = BookingTransition.objects.order_by("id").values_list("from_status", "to_status", "reason", "by")
    assert moves[2:][0] == ("paid", "cancelled", "payment_canceled", "reconcile_payments")
    assert len(moves) == 3
    message = Message.objects.get(kind="booking_cancelled")
    assert (message.member, message.subject) == (ana, booking.subject)
    assert message.variables["returns"] == "It was never paid, so nothing is returned."
    assert (message.variables["title"], message.variables["name"]) == ("Yoga", "Ana")
    assert (ClassSession.objects.get().seats_taken, seats_match()) == (0, True)


def test_a_hold_that_was_never_paid_is_freed(scene: Scene) -> None:
    scene.hold()
    take_back(scene.payment)
    booking = scene.booking
    assert (booking.status, booking.ended_reason) == ("freed", "payment_canceled")
    assert booking.transitions.get(to_status="freed").by == "reconcile_payments"
    assert (ClassSession.objects.get().seats_taken, Message.objects.count()) == (0, 0)


def test_a_payment_of_no_booking_takes_nothing_back(ana: Member) -> None:
    now = timezone.now()
    session()
    payment = intents.propose(subject="booking:X", member=ana, amount=900, currency="gbp", description="x", now=now)
    take_back(payment)
    assert not Booking.objects.exists()
    assert not Message.objects.exists()
