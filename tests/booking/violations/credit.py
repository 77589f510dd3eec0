"""Harm to lots and spends."""

from booking.models import Booking
from members.models import Member
from payments.models import CreditEntry, CreditLot, CreditSpend
from tests.booking.violations.rows import NOW, Act, card, with_credits


def lost_entry() -> None:
    CreditEntry.objects.filter(kind="spent").delete()


def lot_with_too_much() -> None:
    CreditLot.objects.filter(remaining=2).update(remaining=3)


def entry_for_nothing() -> None:
    CreditEntry.objects.filter(kind="spent").update(spend=None)


def credits_of_another() -> None:
    CreditSpend.objects.update(member=Member.objects.get(name="Ben"))


def spend_of_nothing() -> None:
    now = NOW()
    CreditSpend.objects.create(subject="booking:NOWHERE1", member=Member.objects.all()[0], credits=1, created_at=now)


def other_price_in_credits() -> None:
    Booking.objects.filter(pk=with_credits().pk).update(credits_spent=2)


def ended_and_charged_again() -> None:
    booking = with_credits()
    Booking.objects.filter(pk=booking.pk).update(status="cancelled")
    lot = CreditLot.objects.get(remaining=2)
    CreditEntry.objects.create(lot=lot, spend=booking.credit_spend, kind="spent", credits=-1, created_at=NOW())


def credits_beside_a_card() -> None:
    Booking.objects.filter(pk=card().pk).update(credits_spent=1)


def cancelled_and_kept() -> None:
    """The booking says that its credit came back, the ledger does not."""
    Booking.objects.filter(pk=with_credits().pk).update(status="cancelled", returned_credits=1)


def returned_beyond_its_booking() -> None:
    booking = with_credits()
    Booking.objects.filter(pk=booking.pk).update(status="cancelled")
    lot = CreditLot.objects.get(remaining=2)
    CreditEntry.objects.create(lot=lot, spend=booking.credit_spend, kind="returned", credits=1, created_at=NOW())
    CreditLot.objects.filter(pk=lot.pk).update(remaining=3)


def grace_for_nothing() -> None:
    lot = CreditLot.objects.create(
        member=Member.objects.get(name="Ana"), granted=1, remaining=1, source="grace", created_at=NOW()
    )
    CreditEntry.objects.create(lot=lot, kind="granted", credits=1, created_at=NOW())


def expired_and_not_replaced() -> None:
    lot = CreditLot.objects.get(remaining=2)
    CreditEntry.objects.create(lot=lot, kind="expired", credits=-1, created_at=NOW())
    CreditLot.objects.filter(pk=lot.pk).update(remaining=1)


def correction_that_gives() -> None:
    lot = CreditLot.objects.get(remaining=2)
    CreditEntry.objects.create(lot=lot, kind="corrected", credits=1, created_at=NOW())
    CreditLot.objects.filter(pk=lot.pk).update(remaining=3)


VIOLATIONS: list[Act] = [
    ("lots", 2, lost_entry),  # the lot, and the studio
    ("lots", 2, lot_with_too_much),
    ("lots", 1, entry_for_nothing),
    ("lots", 1, credits_of_another),
    ("spends", 1, credits_of_another),
    ("spends", 1, spend_of_nothing),
    ("spends", 1, lost_entry),
    ("spends", 1, other_price_in_credits),
    ("spends", 1, ended_and_charged_again),
    ("spends", 1, credits_beside_a_card),
    ("spends", 1, cancelled_and_kept),
    ("spends", 1, returned_beyond_its_booking),
    ("lots", 2, grace_for_nothing),  # the lot, and the studio
    ("lots", 1, expired_and_not_replaced),
    ("lots", 1, correction_that_gives),
]
