"""What `reconcile_payments --fix` writes where it takes something back: rows that say who, why and when."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking import settlement
from booking.models import Booking, ClassSession
from notifications.models import Message
from payments import refunds, stripe_client
from payments.models import Payment, Refund
from tests.booking import corruptions
from tests.booking.corruptions import Scene
from tests.cast import Caller, Sandbox, seats_match


def mend() -> None:
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    call_command("reconcile_payments", "--fix", "--since", since, "--patience", "0", verbosity=0)


def fact(sandbox: Sandbox, **changes: Any) -> stripe_client.Repayment:
    [at_stripe] = sandbox.stripe("refunds")["data"]
    return stripe_client.Repayment.from_stripe({**at_stripe, **changes})


def test_a_booking_that_was_never_paid_is_cancelled_and_its_member_told(scene: Scene) -> None:
    corruptions.paid_by_hand_while_open(scene)
    mend()
    booking, last = scene.booking, scene.booking.transitions.last()
    assert (booking.status, booking.ended_reason) == ("cancelled", "payment_canceled")
    assert (last.from_status, last.to_status, last.reason, last.by) == (
        "paid",
        "cancelled",
        "payment_canceled",
        "reconcile_payments",
    )
    message = Message.objects.get(kind="booking_cancelled")
    assert message.variables["returns"] == "It was never paid, so nothing is returned."
    assert message.variables["name"] == "Ana"
    assert message.variables["title"] == "Yoga"
    assert {last.at, message.created_at, booking.ended_at} == {scene.payment.ended_at}
    assert (ClassSession.objects.get().seats_taken, seats_match()) == (0, True)


def test_a_hold_whose_payment_was_never_made_is_freed(scene: Scene) -> None:
    scene.hold()
    Payment.objects.update(status="paid", amount_received=1500, ended_at=timezone.now())
    mend()
    booking, last = scene.booking, scene.booking.transitions.last()
    assert (booking.status, booking.ended_reason, booking.ended_at) == ("freed", "payment_canceled", last.at)
    assert (last.reason, last.by, last.at) == ("payment_canceled", "reconcile_payments", scene.payment.ended_at)
    assert (ClassSession.objects.get().seats_taken, Message.objects.count()) == (0, 0)


def test_only_the_booking_of_that_payment_is_taken_back(scene: Scene, as_ben: Caller) -> None:
    corruptions.paid_by_hand_while_open(scene)
    other = as_ben.book(scene.yoga, "card").json()["reference"]
    payment = Payment.objects.order_by("id")[0]
    settlement.take_back(payment, by="test", now=timezone.now())
    assert Booking.objects.get(payment=payment).status == "cancelled"
    assert Booking.objects.get(reference=other).status == "pending"


def test_a_payment_without_a_booking_has_nothing_to_take_back(scene: Scene) -> None:
    scene.hold()
    Booking.objects.update(payment=None)
    settlement.take_back(scene.payment, by="test", now=timezone.now())
    assert (Booking.objects.get().status, ClassSession.objects.get().seats_taken) == ("pending", 1)


def test_a_refund_that_was_never_made_is_owed_again_at_once(scene: Scene) -> None:
    corruptions.refund_never_made(scene)
    mend()
    undone, again = Refund.objects.order_by("id")
    assert (undone.status, undone.failure_code) == ("failed", "not_at_stripe")
    assert (again.status, again.amount, again.reason) == ("due", 1500, "late_payment")
    assert {undone.ended_at, again.due_at} == {again.created_at}


def test_what_staff_never_gave_back_is_not_owed_by_us(scene: Scene) -> None:
    scene.pay()
    now = timezone.now()
    refunds.record(
        stripe_client.Repayment("re_nobody", scene.intent, "succeeded", 500, "gbp", {}),
        now=now,
    )
    seen = Refund.objects.get()
    refunds.unmake(seen, now=now)
    undone = Refund.objects.get()
    assert (undone.status, undone.failure_code, undone.ended_at) == ("failed", "not_at_stripe", now)


@pytest.mark.parametrize("change", [{"status": "submitted"}, {"stripe_refund_id": "re_other"}], ids=["status", "id"])
def test_a_refund_that_has_moved_since_it_was_compared_is_not_undone(scene: Scene, change: dict[str, str]) -> None:
    corruptions.refund_never_made(scene)
    seen = Refund.objects.get()
    Refund.objects.update(**change)
    refunds.unmake(seen, now=timezone.now())
    assert Refund.objects.get().status == change.get("status", "succeeded")


def test_a_refund_of_another_sum_is_written_as_stripe_has_it(scene: Scene) -> None:
    corruptions.refund_of_another_sum(scene)
    before = Refund.objects.get()
    mend()
    refund = Refund.objects.get()
    assert (refund.status, refund.amount, refund.failure_code) == ("succeeded", 1500, "")
    assert refund.ended_at == before.ended_at


def test_a_refund_that_was_believed_failed_is_written_as_given(scene: Scene) -> None:
    corruptions.refund_believed_failed(scene)
    Refund.objects.update(ended_at=None)
    mend()
    refund = Refund.objects.get()
    assert (refund.status, refund.failure_code) == ("succeeded", "")
    assert refund.ended_at is not None


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [("failed", "lost_or_stolen_card", "lost_or_stolen_card"), ("canceled", None, "canceled")],
)
def test_a_sum_and_a_failure_are_written_together(
    scene: Scene, sandbox: Sandbox, status: str, reason: str | None, code: str
) -> None:
    """The row says failed too, and another sum."""
    corruptions.refund_believed_failed(scene)
    Refund.objects.update(amount=1400)
    seen = Refund.objects.get()
    refunds.correct(fact(sandbox, status=status, failure_reason=reason), seen=seen, now=timezone.now())
    refund = Refund.objects.get(pk=seen.pk)
    assert (refund.status, refund.amount, refund.failure_code) == ("failed", 1500, code)
    assert refund.ended_at == seen.ended_at


def test_a_refund_that_is_on_its_way_again_has_no_end(scene: Scene, sandbox: Sandbox) -> None:
    scene.return_late()
    seen = Refund.objects.get()
    refunds.correct(fact(sandbox, status="pending"), seen=seen, now=timezone.now())
    refund = Refund.objects.get()
    assert (refund.status, refund.ended_at, refund.failure_code) == ("submitted", None, "")


def test_debts_give_way_to_a_corrected_refund(scene: Scene, sandbox: Sandbox) -> None:
    corruptions.refund_believed_failed(scene)
    again = refunds.owe_again(Refund.objects.get().pk, now=timezone.now())
    assert again is not None
    now = timezone.now()
    refunds.correct(fact(sandbox), seen=Refund.objects.get(status="failed"), now=now)
    again.refresh_from_db()
    assert (again.status, again.failure_code, again.ended_at) == ("failed", "already_returned", now)


@pytest.mark.parametrize("seen", ["another state", "another row", "no row"])
def test_a_refund_that_has_moved_since_it_was_compared_keeps_its_news(
    scene: Scene, sandbox: Sandbox, seen: str
) -> None:
    corruptions.refund_of_another_sum(scene)
    compared: Refund | None = Refund.objects.get()
    if seen == "no row":
        compared = None
    elif compared is not None and seen == "another state":
        compared.status = "submitted"
    elif compared is not None:
        compared.pk += 1
    refunds.correct(fact(sandbox), seen=compared, now=timezone.now())
    assert Refund.objects.get().amount == 1400


def test_a_refund_of_a_payment_that_is_not_here_is_corrected_nowhere(scene: Scene, sandbox: Sandbox) -> None:
    corruptions.refund_of_another_sum(scene)
    seen = Refund.objects.get()
    refunds.correct(fact(sandbox, payment_intent="pi_of_nobody"), seen=seen, now=timezone.now())
    assert Refund.objects.get().amount == 1400


def test_news_of_a_refund_that_comes_by_comparing_ends_it_then(scene: Scene, sandbox: Sandbox) -> None:
    scene.return_late()
    Refund.objects.update(status="submitted", ended_at=None)
    now = timezone.now()
    refunds.correct(fact(sandbox), seen=Refund.objects.get(), now=now)
    refund = Refund.objects.get()
    assert (refund.status, refund.ended_at) == ("succeeded", now)
