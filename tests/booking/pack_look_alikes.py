"""States of purchases that are legal, and look like what the laws forbid."""

from collections.abc import Callable
from datetime import timedelta

from booking.models import Booking, ClassSession
from payments.models import CreditEntry, CreditLot, PackPurchase, Payment, Refund, StripeEvent, UnmatchedMoney
from tests.booking.violations.packs import bought, harm_payment, old_purchase
from tests.booking.violations.rows import LONG, NOW, refund, step
from tests.cast import Caller, session


def purchase_just_past_its_expiry() -> None:
    PackPurchase.objects.filter(status="pending").update(expires_at=NOW() - timedelta(minutes=5))


def purchase_that_stripe_was_not_asked_for_yet() -> None:
    harm_payment("pending", status="creating", stripe_intent_id=None)


def expired_purchase_at_stripe_this_moment() -> None:
    harm_payment("pending", status="voiding", void_claimed_at=NOW(), created_at=NOW() - LONG)
    PackPurchase.objects.filter(status="pending").update(expires_at=NOW() - LONG)


def expired_purchase_of_money_under_way() -> None:
    harm_payment("pending", status="processing")
    old_purchase()


def expired_purchase_of_money_in_review() -> None:
    harm_payment("pending", status="review", amount_received=14, review_reason="amount")
    UnmatchedMoney.objects.create(
        stripe_id="pi_x", payment=bought("pending").payment, amount=14, currency="gbp", why="x", found_at=NOW()
    )
    old_purchase()


def used_pack() -> None:
    assert Caller(bought("paid").member).book(session(), "credits").status_code == 201


def returned_in_part_by_hand() -> None:
    refund(bought("paid").payment, amount=500, status="succeeded", stripe_refund_id="re_1", reason="dashboard")


def late_and_owed_back() -> None:
    harm_payment("freed", status="paid", amount_received=5500)
    refund(bought("freed").payment, reason="late_payment", amount=5500)


def refund_that_failed_and_is_owed_again() -> None:
    owed = Refund.objects.get()
    Refund.objects.update(status="failed", failure_code="declined", stripe_refund_id="re_1")
    refund(owed.payment, reason=owed.reason, amount=5500, due_at=NOW() + timedelta(days=1), attempt=2)


def spent_and_never_paid_for() -> None:
    """A comparison found that Stripe has no money of it; the booking its credit paid for has given it back."""
    purchase = bought("refunded")
    PackPurchase.objects.filter(pk=purchase.pk).update(ended_reason="payment_canceled")
    Refund.objects.all().delete()
    harm_payment("refunded", status="void", amount_received=0)
    StripeEvent.objects.all().delete()
    used_pack()
    booking = Booking.objects.get()
    CreditEntry.objects.filter(spend=booking.credit_spend).update(lot=purchase.lot)
    CreditEntry.objects.filter(kind="refunded").update(credits=-4)
    CreditLot.objects.filter(pk=bought("paid").lot_id).update(remaining=5)
    ClassSession.objects.update(seats_taken=0)
    Booking.objects.update(status="cancelled", returned_credits=1)
    step(booking, "paid", "cancelled")
    give = {"lot": purchase.lot, "spend": booking.credit_spend, "kind": "returned", "credits": 1}
    CreditEntry.objects.create(**give, created_at=NOW())
    CreditLot.objects.filter(pk=purchase.lot_id).update(remaining=1)


def paid_at_last_after_a_void_that_was_under_way() -> None:
    Payment.objects.filter(pk=bought("paid").payment_id).update(void_reason="expired", void_claimed_at=NOW() - LONG)


LOOK_ALIKES: list[Callable[[], None]] = [
    purchase_just_past_its_expiry,
    purchase_that_stripe_was_not_asked_for_yet,
    expired_purchase_at_stripe_this_moment,
    expired_purchase_of_money_under_way,
    expired_purchase_of_money_in_review,
    used_pack,
    returned_in_part_by_hand,
    late_and_owed_back,
    refund_that_failed_and_is_owed_again,
    spent_and_never_paid_for,
    paid_at_last_after_a_void_that_was_under_way,
]
