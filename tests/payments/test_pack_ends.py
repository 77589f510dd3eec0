"""How a purchase ends: by whom, when and why, and which request is told of it."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from payments import intents, packs
from payments.models import CreditPack, PackPurchase, Payment
from tests.booking import pack_corruptions
from tests.booking.pack_corruptions import Shop
from tests.booking.test_expiry import expire
from tests.booking.test_passing_faults import spoilt
from tests.booking.test_reconciliation import reconcile
from tests.cast import Caller, Sandbox, intent_of
from tests.payments.counter import age_purchase, buy, news, pack, pay, purchase
from tests.rival import meanwhile

pytestmark = pytest.mark.usefixtures("laws")
PAYMENT = 'UPDATE "payments_payment"'


@pytest.fixture
def said(caplog: Any) -> Any:
    caplog.set_level("INFO", "payments.purchases")
    return caplog


def freed_by(said: Any) -> list[str]:
    """Who ended the one purchase there is, as the log has it; looks that its moment stands on the row."""
    row = PackPurchase.objects.filter(status="freed").get()
    assert row.ended_at is not None
    assert timezone.now() - row.ended_at < timedelta(minutes=1)
    beginning = f"The purchase {row.reference} was freed by "
    return [line.removeprefix(beginning) for line in said.messages if line.startswith(beginning)]


def test_the_log_says_which_event_freed_a_purchase(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, said: Any
) -> None:
    sandbox.cancel(intent_of(buy(as_ana, five)))
    news(sandbox)
    [event] = sandbox.events("payment_intent.canceled")
    assert freed_by(said) == [f"stripe:{event['id']}"]


@pytest.mark.parametrize("over", ["canceled", "run out"])
def test_the_log_says_that_the_member_found_it_over(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, said: Any, over: str
) -> None:
    first = buy(as_ana, five)
    if over == "canceled":
        sandbox.cancel(intent_of(first))
    else:
        age_purchase(31)
    assert buy(as_ana, five).status_code == 201
    assert freed_by(said) == ["member"]


def test_the_log_says_that_the_member_found_it_over_as_soon_as_it_was_made(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, said: Any
) -> None:
    """Stripe's answer was lost, and by the time it is asked again the intent is canceled."""
    sandbox.fault("reset_after", "/v1/payment_intents$", times=2)
    assert buy(as_ana, five).status_code == 503
    sandbox.cancel(sandbox.intents()[0]["id"])
    assert buy(as_ana, five).status_code == 201
    assert freed_by(said) == ["member"]


def test_a_purchase_that_was_paid_before_a_fault_has_passed_is_the_answer_and_new(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """It is no pending one any more: the request knows it by the reference it drew."""

    def pay_elsewhere() -> None:
        sandbox.pays(sandbox.intents()[0]["id"])
        news(sandbox)

    fault = psycopg.OperationalError("server closed the connection")
    with meanwhile(pay_elsewhere, before=PAYMENT), spoilt(PAYMENT, fault):
        answer = buy(as_ana, five)
    assert (answer.status_code, answer.json()["status"]) == (201, "paid")
    assert PackPurchase.objects.count() == 1


def test_a_key_means_its_own_purchase_also_beside_a_newer_one(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first = buy(as_ana, five, key="k1")
    pay(sandbox, first)
    assert buy(as_ana, five).status_code == 201
    again = buy(as_ana, five, key="k1")
    assert (again.status_code, again.json()["purchase"]) == (200, first.json()["purchase"])


def test_a_new_key_buys_anew_where_the_purchase_of_another_ran_out(as_ana: Caller, five: CreditPack) -> None:
    first = buy(as_ana, five, key="k1")
    age_purchase(31)
    answer = buy(as_ana, five, key="k2")
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    assert answer.json()["purchase"] != first.json()["purchase"]


def test_a_purchase_ends_with_the_minute_it_runs_out_in(as_ana: Caller, five: CreditPack, sandbox: Sandbox) -> None:
    first = buy(as_ana, five)
    row = purchase()
    again = packs.buy(member=row.member, pack_id=five.pk, key=None, now=row.expires_at)
    assert (again.created, again.purchase.reference == row.reference) == (True, False)
    assert sandbox.intent(intent_of(first))["status"] == "canceled"


def test_minutes_end_purchases_that_have_not_run_out(as_ana: Caller, five: CreditPack) -> None:
    buy(as_ana, five)
    age_purchase(2)
    assert "purchases" not in expire("--minutes", "3")[1]
    assert "purchases: 1 stale, 1 freed" in expire("--minutes", "1")[1]


def test_a_void_that_was_begun_is_finished_before_the_purchase_runs_out(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first = buy(as_ana, five)
    sandbox.fault("status_before", "/cancel$", status=500, times=2)
    pay(sandbox, first, "pm_card_chargeDeclined")
    assert intents.lane.wait(20)
    assert (purchase().status, purchase().payment.status) == ("pending", "voiding")
    assert "purchases: 1 stale, 1 freed" in expire()[1]
    assert purchase().ended_reason == "payment_failed"


def test_what_runs_out_first_ends_first_whatever_was_bought_first(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    first, second = buy(as_ana, five), buy(as_ana, pack(name="Other"))
    for minutes, answer in ((10, first), (20, second)):
        ran_out = timezone.now() - timedelta(minutes=minutes)
        PackPurchase.objects.filter(reference=answer.json()["purchase"]).update(expires_at=ran_out)
    assert "purchases: 1 stale, 1 freed" in expire("--limit", "1")[1]
    assert PackPurchase.objects.get(status="freed").reference == second.json()["purchase"]


def test_a_payment_that_never_was_frees_the_purchase_it_had_not_reached(as_ana: Caller, sandbox: Sandbox) -> None:
    pack_corruptions.payment_paid_by_hand_and_nothing_granted(Shop(as_ana, sandbox))
    assert reconcile("--fix")[0] == 0
    row = purchase()
    assert (row.status, row.ended_reason) == ("freed", "payment_canceled")
    assert row.ended_at is not None


def test_a_payment_that_never_was_takes_its_credits_back(as_ana: Caller, sandbox: Sandbox) -> None:
    pack_corruptions.paid_by_hand_while_open(Shop(as_ana, sandbox))
    assert reconcile("--fix")[0] == 0
    row = purchase()
    assert (row.status, row.ended_reason) == ("refunded", "payment_canceled")
    assert row.ended_at is not None


def test_a_payment_that_never_was_and_belongs_to_nothing_takes_nothing_back(as_ana: Caller, sandbox: Sandbox) -> None:
    pack_corruptions.payment_paid_by_hand_and_nothing_granted(Shop(as_ana, sandbox))
    PackPurchase.objects.all().delete()
    assert reconcile("--fix")[0] == 0
    assert Payment.objects.get().status != "paid"
