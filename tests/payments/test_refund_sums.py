"""Whatever is owed, given back, refused and told, in any order: never more than was received, and nothing forgotten."""

import itertools

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from members.models import Member
from payments import refunds
from payments.models import Payment, Refund
from tests import laws
from tests.cast import Caller, Sandbox, intent_of, session
from tests.payments.desk import act, at_the_desk
from tests.payments.test_refunds import at_stripe, hear, intent_id, rows, submit, told

__all__ = ["intent_id"]
SUCCEEDED = "payment_intent.succeeded"
PRICE = 1500


def given_back(sandbox: Sandbox) -> int:
    return sum(amount for amount, status in at_stripe(sandbox) if status != "failed")


def owed_or_returned() -> int:
    return Refund.objects.filter(status__in=Refund.RETURNING).aggregate(sum=Sum("amount"))["sum"] or 0


def someone_returns(sandbox: Sandbox, intent: str, amount: int) -> None:
    """By hand in the dashboard; Stripe refuses what is more than is left."""
    sandbox.control("POST", f"payment_intents/{intent}/refund", amount=amount)


ACTS = {
    "returns 400": lambda sandbox, intent: someone_returns(sandbox, intent, 400),
    "returns 900": lambda sandbox, intent: someone_returns(sandbox, intent, 900),
    "submits": lambda sandbox, intent: submit(),
    "hears": lambda sandbox, intent: hear(sandbox),
}


@pytest.mark.parametrize("order", list(itertools.permutations(ACTS)), ids=", ".join)
def test_in_any_order_all_of_it_goes_back_and_not_more(
    intent_id: str, sandbox: Sandbox, order: tuple[str, ...]
) -> None:
    for name in order:
        ACTS[name](sandbox, intent_id)
        assert given_back(sandbox) <= PRICE
        assert owed_or_returned() <= PRICE
    for _ in range(refunds.MOST_ATTEMPTS):
        submit()
    hear(sandbox)
    assert (given_back(sandbox), owed_or_returned()) == (PRICE, PRICE)
    assert not Refund.objects.filter(status__in=("due", "submitted")).exists()
    assert told("refund_failed") == 0
    assert "refunds" not in laws.broken()


def owe(payment: Payment, amount: int, reason: str) -> None:
    with transaction.atomic():
        refunds.owe(Payment.objects.select_for_update(no_key=True).get(pk=payment.pk), amount=amount, reason=reason,
                    now=timezone.now())  # fmt: skip


@pytest.fixture
def paid(as_ana: Caller, sandbox: Sandbox) -> Payment:
    sandbox.pays(intent_of(as_ana.book(session())))
    hear(sandbox, SUCCEEDED)
    return Payment.objects.get()


def test_parts_are_owed_up_to_what_was_received(paid: Payment, sandbox: Sandbox) -> None:
    owe(paid, 500, "first")
    owe(paid, 500, "first")
    owe(paid, 1000, "second")
    with pytest.raises(refunds.RefundTooLarge):
        owe(paid, 1, "third")
    assert submit() == 0
    assert sorted(at_stripe(sandbox)) == [(500, "succeeded"), (1000, "succeeded")]
    assert laws.broken() == {}


def test_a_part_returned_by_hand_that_is_larger_than_a_debt_settles_it(paid: Payment, sandbox: Sandbox) -> None:
    owe(paid, 400, "first")
    owe(paid, 600, "second")
    someone_returns(sandbox, str(paid.stripe_intent_id), 1200)
    hear(sandbox)
    assert rows() == [("first", 1200, "succeeded"), ("second", 300, "due")]
    assert submit() == 0
    assert (given_back(sandbox), owed_or_returned()) == (PRICE, PRICE)


def test_all_returned_by_hand_leaves_no_debt(paid: Payment, sandbox: Sandbox) -> None:
    for amount, reason in ((400, "first"), (600, "second")):
        owe(paid, amount, reason)
    someone_returns(sandbox, str(paid.stripe_intent_id), PRICE)
    hear(sandbox)
    assert rows() == [("first", PRICE, "succeeded"), ("second", 600, "failed")]
    assert Refund.objects.get(reason="second").failure_code == "already_returned"
    assert submit() == 0
    assert at_stripe(sandbox) == [(PRICE, "succeeded")]


def test_a_refund_by_hand_that_took_the_place_of_a_debt_and_fails_is_owed_again(
    intent_id: str, sandbox: Sandbox
) -> None:
    someone_returns(sandbox, intent_id, PRICE)
    hear(sandbox)
    [by_hand] = sandbox.stripe("refunds")["data"]
    sandbox.control("POST", f"refunds/{by_hand['id']}/fail")
    hear(sandbox)
    assert rows() == [("late_payment", PRICE, "failed"), ("late_payment", PRICE, "due")]
    Refund.objects.update(due_at=timezone.now())
    assert submit() == 0
    assert given_back(sandbox) == PRICE


def test_a_part_of_a_debt_returned_by_hand_that_fails_is_owed_again_once(
    intent_id: str, sandbox: Sandbox, carla: Member
) -> None:
    """The money came too late, so all of it is owed, whoever tries to return it; staff add nothing to that."""
    someone_returns(sandbox, intent_id, 400)
    hear(sandbox)
    assert submit() == 0
    [by_hand] = [one for one in sandbox.stripe("refunds")["data"] if one["amount"] == 400]
    sandbox.control("POST", f"refunds/{by_hand['id']}/fail")
    hear(sandbox)
    assert (rows()[-1], told("refund_failed"), owed_or_returned()) == (("dashboard", 400, "due"), 0, PRICE)
    failed = Refund.objects.get(status="failed")
    desk = at_the_desk(carla, "view_refund", "change_refund")
    assert f"/{failed.pk}/" in desk.get("/admin/payments/refund/?status__exact=failed").content.decode()
    for _ in range(2):
        act(desk, "refund", "owe_again", failed.pk)
    Refund.objects.update(due_at=timezone.now())
    assert submit() == 0
    assert (given_back(sandbox), owed_or_returned()) == (PRICE, PRICE)
    assert "payments" not in laws.broken()


def test_a_debt_that_stripe_has_not_answered_yet_may_overlap_what_somebody_returned(
    intent_id: str, sandbox: Sandbox
) -> None:
    """Its amount cannot change any more, but Stripe will not give back more than is left: nothing is wrong."""
    sandbox.fault("status_before", "/v1/refunds$", times=2, status=503, stored=False)
    assert submit() == 1
    someone_returns(sandbox, intent_id, 400)
    hear(sandbox)
    assert rows() == [("late_payment", PRICE, "due"), ("dashboard", 400, "succeeded")]
    assert "refunds" not in laws.broken()
    submit()
    submit()
    assert (given_back(sandbox), owed_or_returned()) == (PRICE, PRICE)


def test_who_may_only_look_owes_nothing_again(intent_id: str, carla: Member) -> None:
    Refund.objects.update(status="failed", attempt=3)
    desk = at_the_desk(carla, "view_refund")
    assert "owe_again" not in desk.get("/admin/payments/refund/").content.decode()
    act(desk, "refund", "owe_again", Refund.objects.get().pk)
    assert [status for _, _, status in rows()] == ["failed"]
