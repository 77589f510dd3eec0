"""A repair acts on what it read a moment ago: what a webhook or another repair has done meanwhile stands."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking import comparison
from booking.suspects import PaymentSuspect, RefundSuspect
from payments import stripe_client
from payments.models import Payment, Refund
from tests.booking.corruptions import Scene, freed_by_hand_after_it_was_paid, make_twin
from tests.booking.test_reconciliation import laws_broken, reconcile, state
from tests.cast import Caller, Sandbox, seats_match


@pytest.fixture
def scene(as_ana: Caller, sandbox: Sandbox, settings: Any) -> Scene:
    return Scene(as_ana, sandbox)


def suspected(intent_id: str) -> Callable[[], None]:
    """A repair that has read both sides and not yet written."""
    suspect = PaymentSuspect(comparison.cases([stripe_client.retrieve(intent_id)])[0])
    difference = suspect.look()
    assert difference
    return lambda: suspect.mend(difference, now=timezone.now())


def test_a_member_seated_by_another_repair_is_not_given_the_money_besides(scene: Scene) -> None:
    freed_by_hand_after_it_was_paid(scene)
    one, other = suspected(scene.intent), suspected(scene.intent)
    one()
    other()
    assert state() == ("paid", "paid")
    assert seats_match()
    assert laws_broken() == {}


def test_an_intent_named_by_another_repair_is_not_named_anew(scene: Scene) -> None:
    scene.pay()
    twin = make_twin(scene)
    scene.sandbox.pays(twin)
    Payment.objects.update(stripe_intent_id=None)
    own, second = suspected(scene.intent), suspected(twin)
    own()
    second()
    assert Payment.objects.get().stripe_intent_id == scene.intent


def test_a_refund_that_was_paid_out_meanwhile_is_not_on_its_way_again(scene: Scene) -> None:
    scene.owe_late("pm_card_pendingRefund")
    scene.sandbox.fault("reset_after", "/v1/refunds$", times=2)
    with contextlib.suppress(SystemExit):
        call_command("submit_refunds", verbosity=0)
    [fact] = stripe_client.refunds_of(scene.intent)
    suspect = RefundSuspect(fact, Refund.objects.get(), scene.payment)
    difference = suspect.look()
    assert difference
    scene.sandbox.control("POST", f"refunds/{fact.id}/succeed")
    scene.news()
    assert state() == ("freed", "paid", "succeeded")
    suspect.mend(difference, now=timezone.now())
    assert state() == ("freed", "paid", "succeeded")


def test_a_hold_whose_twin_at_stripe_is_ended_can_still_be_paid(scene: Scene) -> None:
    scene.hold()
    twin = make_twin(scene)
    assert reconcile("--fix")[0] == 0
    assert state() == ("pending", "open")
    assert [scene.sandbox.intent(one)["status"] for one in (scene.intent, twin)] == [
        "requires_payment_method",
        "canceled",
    ]
    scene.sandbox.pays(scene.intent)
    scene.news()
    assert state() == ("paid", "paid")
