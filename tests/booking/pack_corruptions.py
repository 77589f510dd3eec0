"""The ways in which Stripe and the database can come to differ over the purchase of a pack, done to a healthy shop.

What happens at Stripe alone, or to the rows of its payment alone, is done by the same hands as to a booking.
"""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from notifications.models import Message
from payments import purchases
from payments.models import CreditEntry, CreditLot, PackPurchase, Payment, StripeEvent
from tests.booking import corruptions
from tests.booking.corruptions import Scene
from tests.cast import intent_of, session
from tests.payments.counter import buy, pack, purchase

PRICE = 5500


class Shop(Scene):
    """Ana's purchase of five credits, and the hand that spoils it."""

    def hold(self) -> str:
        self.intent = intent_of(buy(self.ana, pack()))
        return self.intent

    def owe_late(self, card: str = "pm_card_visa") -> None:
        """A payment that came when the purchase was freed, where money that comes late goes back."""
        settings.LATE_PAYMENT_POLICY = "refund"
        self.sandbox.pays(self.hold(), card)
        free_by_hand()
        Payment.objects.update(status="void", ended_at=timezone.now())
        self.news()

    def spend(self, credits: int) -> None:
        assert self.ana.book(session(credits_required=credits), "credits").status_code == 201


# --- there ------------------------------------------------------------------------------------------------------------
def success_lost_until_it_was_freed(shop: Shop) -> None:
    shop.sandbox.pays(shop.hold())
    free_by_hand()
    Payment.objects.update(status="void", ended_at=timezone.now())


def success_lost_until_it_was_freed_where_late_money_goes_back(shop: Shop) -> None:
    success_lost_until_it_was_freed(shop)
    settings.LATE_PAYMENT_POLICY = "refund"


def voided_and_its_answer_lost(shop: Shop) -> None:
    shop.hold()
    PackPurchase.objects.update(expires_at=timezone.now())
    shop.sandbox.fault("reset_after", "/cancel$", times=2)
    assert buy(shop.ana, purchase().pack).status_code == 503


def refunded_in_the_dashboard_after_some_were_spent(shop: Shop) -> None:
    shop.pay()
    shop.spend(2)
    shop.act("refund")


def refund_of_staff_made_and_its_answer_lost(shop: Shop) -> None:
    shop.pay()
    purchases.refund_unused(purchase(), now=timezone.now())
    corruptions.submit_and_lose_the_answer(shop)


# --- here -------------------------------------------------------------------------------------------------------------
def rows_lost_while_it_can_be_paid(shop: Shop) -> None:
    shop.hold()
    _lose_the_rows()


def rows_lost_after_it_was_paid(shop: Shop) -> None:
    shop.pay()
    _lose_the_rows()


def purchase_lost_after_it_was_paid(shop: Shop) -> None:
    """The row of its payment is there, and what it was for is not."""
    shop.pay()
    PackPurchase.objects.all().delete()
    _lose_the_lot()


def purchase_lost_while_it_can_be_paid(shop: Shop) -> None:
    shop.hold()
    PackPurchase.objects.all().delete()


def backup_from_before_it_was_paid(shop: Shop) -> None:
    shop.pay()
    _back_to_pending()
    Payment.objects.update(status="open", amount_received=0, ended_at=None)


def backup_from_before_the_intent_was_known(shop: Shop) -> None:
    shop.pay()
    _back_to_pending()
    Payment.objects.update(status="creating", amount_received=0, ended_at=None, stripe_intent_id=None)


def paid_by_hand_while_open(shop: Shop) -> None:
    shop.hold()
    pay_by_hand()


def paid_by_hand_after_it_was_canceled(shop: Shop) -> None:
    shop.hold()
    shop.act("cancel")
    pay_by_hand()
    shop.news()


def paid_by_hand_and_some_spent(shop: Shop) -> None:
    paid_by_hand_while_open(shop)
    shop.spend(2)


def paid_by_hand_and_all_spent(shop: Shop) -> None:
    paid_by_hand_while_open(shop)
    shop.spend(5)


def paid_by_hand_and_taken_back_by_staff(shop: Shop) -> None:
    paid_by_hand_while_open(shop)
    purchases.refund_unused(purchase(), now=timezone.now())


def payment_paid_by_hand_and_nothing_granted(shop: Shop) -> None:
    shop.hold()
    Payment.objects.update(status="paid", amount_received=PRICE, ended_at=timezone.now())


def voided_by_hand(shop: Shop) -> None:
    shop.hold()
    free_by_hand()
    Payment.objects.update(status="void", ended_at=timezone.now())


def freed_by_hand(shop: Shop) -> None:
    shop.hold()
    free_by_hand()


def freed_by_hand_after_it_was_paid(shop: Shop) -> None:
    shop.pay()
    _back_to_pending()
    free_by_hand()


def freed_by_hand_after_it_was_paid_where_late_money_goes_back(shop: Shop) -> None:
    freed_by_hand_after_it_was_paid(shop)
    settings.LATE_PAYMENT_POLICY = "refund"


def still_pending_though_paid(shop: Shop) -> None:
    shop.pay()
    _back_to_pending()


def still_pending_though_void(shop: Shop) -> None:
    shop.hold()
    shop.act("cancel")
    shop.news()
    _back_to_pending()


def price_changed_on_the_row(shop: Shop) -> None:
    shop.hold()
    Payment.objects.update(amount=1)


def price_changed_on_the_row_and_paid(shop: Shop) -> None:
    shop.sandbox.pays(shop.hold())
    Payment.objects.update(amount=1)


PAID, FREED, TAKEN_BACK = ("paid", "paid"), ("freed", "void"), ("refunded", "void")
RETURNED, OWED = ("freed", "paid", "succeeded"), ("freed", "paid", "failed", "due")
Corruption = tuple[Callable[[Shop], None], str, tuple[str, ...], int]
THERE: list[Corruption] = [
    (corruptions.success_lost, "paid_there_not_here", PAID, 5),
    (corruptions.success_lost_after_a_decline, "paid_there_not_here", PAID, 5),
    (success_lost_until_it_was_freed, "paid_there_not_here", PAID, 5),
    (
        success_lost_until_it_was_freed_where_late_money_goes_back,
        "paid_there_not_here",
        ("freed", "paid", "due"),
        0,
    ),
    (corruptions.bank_settled_unheard, "paid_there_not_here", PAID, 5),
    (corruptions.bank_refused_unheard, "event_not_received", FREED, 0),
    (corruptions.canceled_in_the_dashboard, "canceled_there_not_here", FREED, 0),
    (voided_and_its_answer_lost, "canceled_there_not_here", FREED, 0),
    (corruptions.decline_unheard, "event_not_received", FREED, 0),
    (corruptions.refunded_in_the_dashboard, "refund_there_not_here", (*PAID, "succeeded"), 5),
    (corruptions.part_refunded_in_the_dashboard, "refund_there_not_here", (*PAID, "succeeded"), 5),
    (refunded_in_the_dashboard_after_some_were_spent, "refund_there_not_here", (*PAID, "succeeded"), 3),
    (corruptions.refund_of_the_dashboard_failed_unheard, "refund_differs", (*PAID, "failed"), 5),
    (corruptions.refund_failed_unheard, "refund_differs", OWED, 0),
    (corruptions.refund_made_and_its_answer_lost, "refund_differs", RETURNED, 0),
    (refund_of_staff_made_and_its_answer_lost, "refund_differs", ("refunded", "paid", "succeeded"), 0),
    (corruptions.disputed_unheard, "event_not_received", PAID, 5),
    (corruptions.other_amount_paid, "paid_there_not_here", ("pending", "review"), 0),
    (corruptions.amount_changed_in_the_dashboard, "amount_differs", FREED, 0),
    (corruptions.second_intent_can_be_paid, "payable_there_without_hold", PAID, 5),
    (corruptions.second_intent_was_paid, "paid_there_not_here", PAID, 5),
]
HERE: list[Corruption] = [
    (rows_lost_while_it_can_be_paid, "payable_there_without_hold", (), 0),
    (rows_lost_after_it_was_paid, "paid_there_not_here", (), 0),
    (purchase_lost_after_it_was_paid, "not_settled_here", (), 0),
    (purchase_lost_while_it_can_be_paid, "payable_there_without_hold", (), 0),
    (backup_from_before_it_was_paid, "paid_there_not_here", PAID, 5),
    (backup_from_before_the_intent_was_known, "paid_there_not_here", PAID, 5),
    (paid_by_hand_while_open, "paid_here_not_there", TAKEN_BACK, 0),
    (paid_by_hand_after_it_was_canceled, "paid_here_not_there", TAKEN_BACK, 0),
    (paid_by_hand_and_some_spent, "paid_here_not_there", TAKEN_BACK, 0),
    (paid_by_hand_and_all_spent, "paid_here_not_there", TAKEN_BACK, 0),
    (paid_by_hand_and_taken_back_by_staff, "paid_here_not_there", (*TAKEN_BACK, "failed"), 0),
    (payment_paid_by_hand_and_nothing_granted, "paid_here_not_there", FREED, 0),
    (voided_by_hand, "payable_there_without_hold", FREED, 0),
    (freed_by_hand, "payable_there_without_hold", FREED, 0),
    (freed_by_hand_after_it_was_paid, "not_settled_here", PAID, 5),
    (
        freed_by_hand_after_it_was_paid_where_late_money_goes_back,
        "not_settled_here",
        ("freed", "paid", "due"),
        0,
    ),
    (still_pending_though_paid, "not_settled_here", PAID, 5),
    (still_pending_though_void, "not_settled_here", FREED, 0),
    (corruptions.sum_received_lost, "amount_differs", PAID, 5),
    (price_changed_on_the_row, "amount_differs", ("pending", "open"), 0),
    (price_changed_on_the_row_and_paid, "paid_there_not_here", PAID, 5),
    (corruptions.intent_forgotten, "intent_differs", PAID, 5),
    (corruptions.intent_mistaken, "intent_differs", PAID, 5),
    (corruptions.refund_row_lost, "refund_there_not_here", RETURNED, 0),
    (corruptions.refund_never_made, "refund_here_not_there", OWED, 0),
    (corruptions.refund_of_another_sum, "refund_differs", RETURNED, 0),
    (corruptions.refund_believed_failed, "refund_differs", RETURNED, 0),
    (corruptions.event_row_lost, "event_not_received", PAID, 5),
]
# What was done, what the comparison calls it, how purchase, payment and refunds stand after the repair, and how many
# credits the member then has.
CORRUPTIONS: list[Corruption] = [*THERE, *HERE]


def free_by_hand() -> None:
    purchase().end(PackPurchase.Status.PENDING, PackPurchase.Status.FREED, reason="staff", now=timezone.now())


def pay_by_hand() -> None:
    Payment.objects.update(status="paid", amount_received=PRICE, ended_at=timezone.now())
    with transaction.atomic():
        purchases.settle(Payment.objects.get(), by="hand", now=timezone.now())


def _back_to_pending() -> None:
    PackPurchase.objects.update(status="pending", lot=None, paid_at=None, ended_at=None, ended_reason="")
    _lose_the_lot()


def _lose_the_lot() -> None:
    CreditEntry.objects.all().delete()
    CreditLot.objects.all().delete()


def _lose_the_rows() -> None:
    Message.objects.all().delete()
    StripeEvent.objects.all().delete()
    PackPurchase.objects.all().delete()
    Payment.objects.all().delete()
    _lose_the_lot()
