"""Harm to the purchases of packs; each breaks the shop of `test_integrity_of_packs` in one place."""

from datetime import timedelta

from members.models import Member
from payments.models import CreditEntry, CreditLot, PackPurchase, Payment, Refund
from tests.booking.violations.rows import LONG, NOW, Act, refund


def bought(status: str) -> PackPurchase:
    return PackPurchase.objects.select_related("payment", "lot").get(status=status)


def harm_payment(of: str, **fields: object) -> None:
    """Change the payment of the purchase that has this status."""
    Payment.objects.filter(pk=bought(of).payment_id).update(**fields)


def harm_lot(of: str, **fields: object) -> None:
    CreditLot.objects.filter(pk=bought(of).lot_id).update(**fields)


def lot_of_a_pack() -> CreditLot:
    """Five credits, rightly granted, for nothing that was bought."""
    lot = CreditLot.objects.create(
        member=bought("freed").member, granted=5, remaining=5, source="pack", note="x", created_at=NOW()
    )
    CreditEntry.objects.create(lot=lot, kind="granted", credits=5, created_at=NOW())
    return lot


def other_amount() -> None:
    PackPurchase.objects.filter(status="paid").update(amount=1)


def other_price_than_agreed() -> None:
    PackPurchase.objects.filter(status="pending").update(amount=1300)


def payment_in_another_currency() -> None:
    harm_payment("paid", currency="eur")


def payment_of_another() -> None:
    harm_payment("paid", member=Member.objects.get(name="Ben"))


def payment_for_something_else() -> None:
    harm_payment("paid", subject="purchase:NOWHERE1")


def unpaid_payment() -> None:
    harm_payment("paid", status="void")


def part_received() -> None:
    harm_payment("paid", amount_received=1)


def fewer_credits() -> None:
    PackPurchase.objects.filter(status="paid").update(credits=4)


def credits_of_another() -> None:
    harm_lot("paid", member=Member.objects.get(name="Ben"))


def credits_as_a_gift() -> None:
    harm_lot("paid", source="grant")


def freed_with_its_credits() -> None:
    PackPurchase.objects.filter(status="freed").update(lot=lot_of_a_pack())


def refunded_with_its_credits() -> None:
    CreditEntry.objects.filter(kind="refunded").delete()
    harm_lot("refunded", remaining=5)


def paid_without_its_credits() -> None:
    CreditEntry.objects.create(lot=bought("paid").lot, kind="refunded", credits=-5, created_at=NOW())
    harm_lot("paid", remaining=0)


def granted_and_returned() -> None:
    refund(bought("paid").payment, reason="late_payment", amount=5500)


def granted_for_nothing() -> None:
    lot_of_a_pack()


def lost_withdrawal() -> None:
    CreditEntry.objects.filter(kind="refunded").delete()


def refunded_and_nothing_owed() -> None:
    Refund.objects.all().delete()


def refunded_in_part() -> None:
    Refund.objects.update(amount=5499)


def freed_and_kept() -> None:
    harm_payment("freed", status="paid", amount_received=5500)


def pending_though_void() -> None:
    harm_payment("pending", status="void")


def pending_though_paid() -> None:
    harm_payment("pending", status="paid", amount_received=1400)


def payable_though_freed() -> None:
    harm_payment("freed", status="open")


def stuck_void() -> None:
    harm_payment("pending", status="voiding", created_at=NOW() - LONG)
    PackPurchase.objects.filter(status="pending").update(expires_at=NOW() - LONG)


def old_purchase() -> None:
    PackPurchase.objects.filter(status="pending").update(expires_at=NOW() - timedelta(hours=1))


def old_purchase_with_a_dead_claim() -> None:
    old_purchase()
    harm_payment("pending", status="voiding", void_claimed_at=NOW() - timedelta(hours=1))


VIOLATIONS: list[Act] = [
    ("purchases", 1, other_amount),
    ("purchases", 1, other_price_than_agreed),
    ("purchases", 1, payment_in_another_currency),
    ("purchases", 1, payment_of_another),
    ("purchases", 1, payment_for_something_else),
    ("purchases", 1, unpaid_payment),
    ("purchases", 1, part_received),
    ("purchases", 1, fewer_credits),
    ("purchases", 1, credits_of_another),
    ("purchases", 1, credits_as_a_gift),
    ("purchases", 1, freed_with_its_credits),
    ("purchases", 1, refunded_with_its_credits),
    ("purchases", 1, paid_without_its_credits),
    ("purchases", 1, granted_and_returned),
    ("purchases", 1, granted_for_nothing),
    ("lots", 2, lost_withdrawal),  # the lot, and the studio
    ("payments", 1, refunded_and_nothing_owed),
    ("payments", 1, refunded_in_part),
    ("payments", 1, freed_and_kept),
    ("half_done", 1, pending_though_void),
    ("half_done", 1, pending_though_paid),
    ("half_done", 1, payable_though_freed),
    ("half_done", 1, stuck_void),
    ("stale_purchases", 1, old_purchase),
    ("stale_purchases", 1, old_purchase_with_a_dead_claim),
]
