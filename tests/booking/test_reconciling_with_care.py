"""`reconcile_payments` gives no money back twice and cries no wolf: wrong keys, spoilt rows, clocks, stale findings."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking import reconciliation
from booking.models import Booking, ClassSession
from payments.models import Payment, Reconciliation, Refund
from tests.booking.corruptions import (
    Scene,
    canceled_in_the_dashboard,
    make_twin,
    paid_by_hand_after_it_was_canceled,
    success_lost,
)
from tests.booking.test_reconciliation import kinds, reconcile, state
from tests.cast import seats_match


@pytest.mark.parametrize("fault", [None, {"fault": "status_before", "path": "/v1/refunds$", "status": 404}])
def test_a_refund_is_not_owed_again_to_whom_another_accounts_key_knows_nothing_of(
    scene: Scene, fault: dict[str, Any] | None
) -> None:
    scene.return_late()
    before = state()
    scene.sandbox.reset()
    if fault:
        scene.sandbox.fault(method="GET", after=1, times=9, **fault)
    status, report = reconcile("--fix")
    assert (status, kinds(report)) == (1, [("unknown_there", False)])
    assert state() == before


def test_a_refund_that_forgot_its_name_is_not_owed_again(scene: Scene) -> None:
    """It was owed on one day and made on the next, so that the two are not met together."""
    scene.return_late()
    Refund.objects.update(stripe_refund_id=None, created_at=timezone.now() - timedelta(days=2))
    since = (timezone.now() - timedelta(days=3)).isoformat()
    reconcile("--fix", "--since", since)
    assert list(Refund.objects.values_list("status", flat=True)) == ["succeeded"]


def test_a_refund_that_failed_for_good_is_left_to_staff(scene: Scene) -> None:
    """The studio may have given the money back by other ways: no seat is taken for it weeks later."""
    scene.return_late()
    Refund.objects.update(attempt=3)
    [refund] = scene.sandbox.stripe("refunds")["data"]
    scene.sandbox.control("POST", f"refunds/{refund['id']}/fail")
    scene.news()
    scene.yoga.starts_at = timezone.now() + timedelta(days=2)
    scene.yoga.save()
    before = state()
    assert before == ("freed", "paid", "failed")
    for words in ((), ("--fix",)):
        assert reconcile(*words)[0] == 0
        assert state() == before


def test_news_on_its_way_is_waited_for_when_our_clock_runs_ahead(scene: Scene) -> None:
    scene.sandbox.control("POST", "clock", advance=-150)
    scene.sandbox.pays(scene.hold())
    waited: list[str] = []

    def wait() -> None:
        waited.append("once")
        scene.news()

    now = timezone.now()
    stretch = reconciliation.Stretch(now - timedelta(hours=1), None)
    found = reconciliation.reconcile(
        stretch, patience=timedelta(seconds=10), wait=wait, mend=False, told=defaultdict(list), now=now
    )
    assert (waited, found) == (["once"], [])


def test_what_is_left_is_told_although_something_else_of_the_booking_was_repaired(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold(), "pm_card_chargeDeclined")
    scene.sandbox.fault("status_before", "/cancel$", status=404, times=9)
    subject = scene.booking.subject
    earlier = reconciliation.Finding("refund_differs", subject, "re_of_yesterday", "said otherwise", repaired=True)
    found = reconciliation.reconcile(
        reconciliation.Stretch(timezone.now() - timedelta(hours=1), None),
        patience=timedelta(0),
        wait=lambda: None,
        mend=True,
        told=defaultdict(list, {subject: [earlier]}),
        now=timezone.now(),
    )
    assert [(finding.kind, finding.repaired) for finding in found] == [("event_not_received", False)]


def test_what_was_found_before_a_repair_is_not_told_after_it(scene: Scene) -> None:
    success_lost(scene)
    since = (timezone.now() - timedelta(days=5)).isoformat()
    Payment.objects.update(created_at=timezone.now() - timedelta(days=4, hours=12))
    scene.sandbox.fault("status_before", "/v1/refunds$", method="GET", after=5, status=500, times=2)
    assert reconcile("--since", since)[0] == 1
    assert Reconciliation.objects.get().found
    assert reconcile("--since", since, "--fix")[0] == 0
    status, report = reconcile("--since", since)
    assert (status, kinds(report)) == (0, [])


def test_a_paid_booking_that_forgot_its_intent_is_not_ended_for_anothers_sake(scene: Scene) -> None:
    scene.pay()
    scene.sandbox.cancel(make_twin(scene))
    Payment.objects.update(stripe_intent_id=None)
    reconcile("--fix")
    assert state() == ("paid", "paid")
    assert Payment.objects.get().stripe_intent_id == scene.intent


def test_a_paid_booking_that_forgot_its_intent_and_has_none_that_paid_is_left_to_staff(scene: Scene) -> None:
    paid_by_hand_after_it_was_canceled(scene)
    Payment.objects.update(stripe_intent_id=None)
    status, report = reconcile("--fix")
    assert (status, kinds(report), state()) == (1, [("unknown_there", False)], ("paid", "paid"))


def test_what_no_repair_changes_is_asked_for_a_few_times_only(scene: Scene) -> None:
    """With the key of another account everything differs so."""
    scene.pay()
    scene.sandbox.reset()
    assert reconcile("--fix")[0] == 1
    journal = scene.sandbox.control("GET", "requests")["requests"]
    assert 1 <= sum(scene.intent in row["path"] for row in journal) <= 3


def test_a_difference_that_cannot_be_set_right_keeps_no_other_waiting(scene: Scene) -> None:
    """The first session has lost count of its seats: it has none to give back."""
    sessions = []
    for _ in range(2):
        canceled_in_the_dashboard(scene)
        sessions.append(scene.yoga)
    ClassSession.objects.filter(pk=sessions[0].pk).update(seats_taken=0)
    status, report = reconcile("--fix")
    assert status == 1
    assert {repaired for kind, repaired in kinds(report)} == {True, False}
    ends = Booking.objects.order_by("session").values_list("status", "payment__status")
    assert list(ends) == [("pending", "open"), ("freed", "void")]
    ClassSession.objects.filter(pk=sessions[0].pk).update(seats_taken=1)
    assert reconcile("--fix")[0] == 0
    assert set(Booking.objects.values_list("status", flat=True)) == {"freed"}
    assert seats_match()
