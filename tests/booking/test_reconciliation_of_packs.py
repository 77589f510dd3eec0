"""`reconcile_payments` over the purchases of packs: each difference is found, named, and set right once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from notifications.models import Message
from payments.models import CreditEntry, PackPurchase, Payment, Refund, UnmatchedMoney
from tests import laws
from tests.booking import pack_corruptions
from tests.booking.pack_corruptions import CORRUPTIONS, HERE, PRICE, THERE, Shop
from tests.booking.test_reconciliation import kinds, reconcile
from tests.cast import Caller, Sandbox, seats_match
from tests.payments.counter import balance, buy, moves, news, purchase


@pytest.fixture
def shop(as_ana: Caller, sandbox: Sandbox, settings: Any) -> Shop:
    return Shop(as_ana, sandbox)


def state() -> tuple[str, ...]:
    """How the purchase, its payment and its refunds stand."""
    row = PackPurchase.objects.select_related("payment").first()
    rows = (row.status, row.payment.status) if row else ()
    return (*rows, *Refund.objects.order_by("id").values_list("status", flat=True))


@pytest.mark.parametrize(
    ("corrupt", "kind", "after", "credits"), CORRUPTIONS, ids=[corrupt.__name__ for corrupt, *_ in CORRUPTIONS]
)
def test_a_difference_of_a_purchase_is_found_and_set_right(
    shop: Shop, corrupt: Callable[[Shop], None], kind: str, after: tuple[str, ...], credits: int
) -> None:
    corrupt(shop)
    before = state(), balance(shop.ana)
    status, report = reconcile()
    assert (status, kinds(report)) == (1, [(kind, False)])
    assert (report["clean"], report["found"], report["left"]) == (False, 1, 1)
    assert (state(), balance(shop.ana)) == before
    status, report = reconcile("--fix")
    assert (status, kinds(report)) == (0, [(kind, True)])
    assert (state(), balance(shop.ana)) == (after, credits)
    moved = moves()
    for again in ((), ("--fix",)):
        status, report = reconcile(*again)
        assert (status, report["clean"], kinds(report)) == (0, True, [])
    assert (state(), balance(shop.ana), moves()) == (after, credits, moved)
    assert seats_match()
    assert laws.broken() == {}


def test_twenty_differences_of_purchases_on_either_side_and_none_twice() -> None:
    names = [corrupt.__name__ for corrupt, *_ in CORRUPTIONS]
    assert len(set(names)) == len(names)
    assert min(len(THERE), len(HERE)) >= 20


def test_a_purchase_is_named_by_what_was_bought_and_how_it_stands(shop: Shop) -> None:
    pack_corruptions.freed_by_hand_after_it_was_paid(shop)
    [finding] = reconcile()[1]["findings"]
    assert (finding["subject"], finding["stripe"]) == (purchase().subject, shop.intent)
    assert finding["what"] == "5500 gbp received at Stripe and here, its purchase is freed"


def test_a_repaired_purchase_is_granted_once_and_told_once(shop: Shop) -> None:
    """The lost news come after all, once the comparison has done what they were to do."""
    pack_corruptions.success_lost_until_it_was_freed(shop)
    assert reconcile("--fix")[0] == 0
    news(shop.sandbox)
    assert (moves(), purchase().ended_reason, purchase().ended_at) == ([("granted", 5)], "", None)
    assert Message.objects.get().kind == "pack_paid"
    assert shop.ana.book(pack_corruptions.session(), "credits").status_code == 201


def test_a_repaired_purchase_is_granted_beside_the_one_that_was_begun_meanwhile(shop: Shop) -> None:
    pack_corruptions.success_lost_until_it_was_freed(shop)
    again = buy(shop.ana, purchase().pack)
    assert again.status_code == 201
    status, report = reconcile("--fix")
    assert (status, kinds(report)) == (0, [("paid_there_not_here", True)])
    assert sorted(PackPurchase.objects.values_list("status", flat=True)) == ["paid", "pending"]
    assert (balance(shop.ana), laws.broken()) == (5, {})


def test_a_pack_that_was_never_paid_is_withdrawn_and_its_intent_ended(shop: Shop) -> None:
    pack_corruptions.paid_by_hand_while_open(shop)
    assert balance(shop.ana) == 5
    assert reconcile("--fix")[0] == 0
    assert shop.sandbox.intent(shop.intent)["status"] == "canceled"
    assert (purchase().ended_reason, moves()) == ("payment_canceled", [("granted", 5), ("refunded", -5)])
    assert (Refund.objects.count(), UnmatchedMoney.objects.count()) == (0, 0)


def test_a_pack_whose_payment_alone_was_called_paid_is_freed(shop: Shop) -> None:
    shop.hold()
    Payment.objects.update(status="paid", amount_received=PRICE, ended_at=timezone.now())
    assert reconcile("--fix")[0] == 0
    assert shop.sandbox.intent(shop.intent)["status"] == "canceled"
    assert (purchase().status, purchase().ended_reason, moves()) == ("freed", "payment_canceled", [])
    assert (Refund.objects.count(), laws.broken()) == (0, {})


@pytest.mark.parametrize("spent", [1, 5])
def test_credits_that_were_spent_and_never_paid_for_are_left_to_staff(shop: Shop, spent: int) -> None:
    pack_corruptions.paid_by_hand_while_open(shop)
    shop.spend(spent)
    assert reconcile("--fix")[0] == 0
    money = UnmatchedMoney.objects.get()
    assert (money.stripe_id, money.amount, money.payment, money.resolved_at) == (shop.intent, PRICE, shop.payment, None)
    assert money.why == f"{spent} credits were spent and never paid for"
    entries = CreditEntry.objects.order_by("id").values_list("credits", flat=True)
    assert sum(entries) == balance(shop.ana) == 0
    assert not Refund.objects.exists()


def test_a_pack_believed_paid_that_is_paid_while_it_is_taken_back_stays_paid(shop: Shop) -> None:
    pack_corruptions.paid_by_hand_while_open(shop)
    shop.sandbox.fault("paid_first", "/cancel$")
    assert reconcile("--fix")[0] == 0
    assert (state(), moves(), laws.broken()) == (("paid", "paid"), [("granted", 5)], {})


def test_money_for_a_purchase_that_is_gone_is_kept_for_staff(shop: Shop) -> None:
    pack_corruptions.purchase_lost_after_it_was_paid(shop)
    assert reconcile("--fix")[0] == 0
    money = UnmatchedMoney.objects.get()
    assert (money.stripe_id, money.amount, money.payment) == (shop.intent, PRICE, Payment.objects.get())


def test_a_pack_that_the_dashboard_refunded_is_owed_no_more(shop: Shop, as_carla: Caller) -> None:
    """What staff gave back in the dashboard, they see here; the credits are theirs to take back, and nothing is due."""
    shop.pay()
    shop.act("refund")
    assert reconcile("--fix")[0] == 0
    assert as_carla.post(f"/api/payments/purchases/{purchase().reference}/refund/").status_code == 200
    assert (purchase().status, balance(shop.ana)) == ("refunded", 0)
    assert list(Refund.objects.values_list("reason", "amount")) == [("dashboard", PRICE)]
    assert (reconcile()[0], laws.broken()) == (0, {})
