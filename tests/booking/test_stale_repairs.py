"""A repair acts on what it read a moment ago: what a webhook or another repair has done meanwhile stands."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from booking import comparison
from booking.comparison import Difference, Kind
from booking.suspects import PaymentSuspect, RefundSuspect
from payments import refunds, stripe_client
from payments.models import Payment, Reconciliation, Refund
from payments.stripe_objects import Intent
from tests import laws
from tests.booking.corruptions import (
    Scene,
    freed_by_hand_after_it_was_paid,
    make_twin,
    paid_by_hand_while_open,
    voided_by_hand,
)
from tests.booking.test_reconciliation import reconcile, state
from tests.cast import seats_match


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
    assert laws.broken() == {}


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
    scene.owe_late()
    scene.sandbox.fault("reset_after", "/v1/refunds$", times=2)
    with contextlib.suppress(SystemExit):
        call_command("submit_refunds", verbosity=0)
    [fact] = stripe_client.refunds_of(scene.intent)
    suspect = RefundSuspect(replace(fact, status="pending"), Refund.objects.get(), scene.payment)
    scene.news()
    assert state() == ("freed", "paid", "succeeded")
    suspect.mend(Difference(Kind.REFUND, "read before the news came"), now=timezone.now())
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


def test_nothing_is_owed_any_more_of_what_was_never_paid(scene: Scene) -> None:
    paid_by_hand_while_open(scene)
    with transaction.atomic():
        refunds.owe(scene.payment, amount=500, reason="member", now=timezone.now())
    assert reconcile("--fix")[0] == 0
    assert state() == ("cancelled", "void", "failed")
    assert not refunds.due(now=timezone.now()).exists()


def test_a_repair_that_stripe_does_not_answer_is_gone_on_with(scene: Scene) -> None:
    voided_by_hand(scene)
    scene.sandbox.fault("status_before", "/cancel$", status=500, times=2)
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    assert reconcile("--fix", "--since", since) == (1, {})
    assert reconcile("--fix", "--since", since)[0] == 0
    assert Reconciliation.objects.count() == 1
    assert scene.sandbox.intent(scene.intent)["status"] == "canceled"


@pytest.mark.parametrize(("live", "site"), [(True, settings.SITE), (False, "other.example.com"), (False, None)])
def test_what_another_mode_or_site_can_be_paid_for_is_not_ours_to_end(live: bool, site: str | None) -> None:
    metadata = {"payment": str(uuid4()), **({"site": site} if site else {})}
    intent = Intent("pi_of_others", "requires_payment_method", 1500, 0, "gbp", live, metadata)
    assert comparison.difference(comparison.Case(intent, None)) is None
    own = replace(intent, live=False, metadata=metadata | {"site": settings.SITE})
    assert comparison.difference(comparison.Case(own, None))
