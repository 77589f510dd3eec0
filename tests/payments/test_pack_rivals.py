"""A purchase that moves, or whose credits do, between what a request has read of it and what it writes."""

from typing import Any

import psycopg
import pytest
from django.utils import timezone

from payments.models import CreditPack, PackPurchase, Payment, Refund, StripeEvent, UnmatchedMoney
from tests.booking import pack_corruptions
from tests.booking.pack_corruptions import Shop
from tests.booking.test_passing_faults import spoilt
from tests.booking.test_reconciliation import reconcile
from tests.cast import Caller, Sandbox, intent_of, tell
from tests.payments.counter import SUCCEEDED, balance, buy, moves, news, pay, purchase
from tests.rival import meanwhile

pytestmark = pytest.mark.usefixtures("laws")
PAYMENT = 'UPDATE "payments_payment"'


@pytest.mark.parametrize("key", ["k", None], ids=["with a key", "without a key"])
def test_a_twin_that_was_quicker_has_made_the_one_purchase(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, key: str | None
) -> None:
    twin: list[Any] = []
    with meanwhile(lambda: twin.append(buy(as_ana, five, key=key))):
        answer = buy(as_ana, five, key=key)
    assert (twin[0].status_code, answer.status_code) == (201, 200)
    assert answer.json() == twin[0].json()
    assert (PackPurchase.objects.count(), len(sandbox.intents())) == (1, 1)


def test_a_purchase_that_is_paid_before_its_answer_is_read_is_paid_and_shows_no_secret(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """The member has the same purchase open twice and pays in the one whose answer came first."""

    def pay_elsewhere() -> None:
        [intent] = sandbox.intents()
        sandbox.pays(intent["id"])
        news(sandbox)

    with meanwhile(pay_elsewhere, before=PAYMENT):
        answer = buy(as_ana, five)
    assert (answer.status_code, answer.json()["status"]) == (201, "paid")
    assert "stripe_client_secret" not in answer.json()
    assert balance(as_ana) == 5


def test_a_purchase_that_is_over_before_a_fault_has_passed_is_the_answer(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """Its intent is canceled while the answer is lost; the second round finds the purchase it has made itself."""

    def cancel() -> None:
        sandbox.cancel(sandbox.intents()[0]["id"])

    fault = psycopg.OperationalError("server closed the connection")
    with meanwhile(cancel, before=PAYMENT), spoilt(PAYMENT, fault):
        answer = buy(as_ana, five)
    assert (answer.status_code, answer.json()["status"]) == (201, "freed")
    assert PackPurchase.objects.count() == 1


def test_a_hand_that_ends_a_purchase_while_it_is_granted_lets_nothing_through(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox, caplog: Any
) -> None:
    """The news is not taken, so that Stripe sends it again, and then it meets a purchase that stands still."""
    sandbox.pays(intent_of(buy(as_ana, five)))
    [event] = sandbox.events(SUCCEEDED)
    ended = {"status": "freed", "ended_reason": "staff", "ended_at": timezone.now()}
    with meanwhile(lambda: PackPurchase.objects.update(**ended), before='UPDATE "payments_packpurchase"'):
        assert tell(event).status_code == 500
    assert f"the purchase {purchase().reference} moved while its payment was locked" in caplog.text
    assert (balance(as_ana), purchase().payment.status, StripeEvent.objects.count()) == (0, "open", 0)
    assert tell(event).status_code == 200
    assert (balance(as_ana), moves()) == (5, [("granted", 5)])


def test_a_payment_that_succeeds_out_of_review_grants_nothing_a_second_time(
    as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    """Its pack was paid for before somebody doubted the payment."""
    pay(sandbox, buy(as_ana, five))
    Payment.objects.update(status="review", review_reason="by hand")
    [event] = sandbox.events(SUCCEEDED)
    assert tell(event | {"id": "evt_again"}).json() == {"received": "applied"}
    assert (purchase().status, purchase().payment.status) == ("paid", "paid")
    assert (balance(as_ana), moves(), Refund.objects.count()) == (5, [("granted", 5)], 0)


def test_credits_that_are_spent_while_they_are_withdrawn_are_left_to_staff(as_ana: Caller, sandbox: Sandbox) -> None:
    shop = Shop(as_ana, sandbox)
    pack_corruptions.paid_by_hand_while_open(shop)
    with meanwhile(lambda: shop.spend(2), before='UPDATE "payments_creditlot"'):
        assert reconcile("--fix")[0] == 0
    assert moves() == [("granted", 5), ("spent", -2), ("refunded", -3)]
    assert (purchase().status, balance(as_ana)) == ("refunded", 0)
    assert UnmatchedMoney.objects.get().why == "2 credits were spent and never paid for"
