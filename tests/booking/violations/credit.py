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


VIOLATIONS: list[Act] = [
    ("lots", 2, lost_entry),  # the lot, and the studio
    ("lots", 2, lot_with_too_much),
    ("lots", 2, entry_for_nothing),
    ("lots", 1, credits_of_another),
    ("spends", 1, credits_of_another),
    ("spends", 1, spend_of_nothing),
    ("spends", 1, lost_entry),
    ("spends", 1, other_price_in_credits),
    ("spends", 1, ended_and_charged_again),
    ("spends", 1, credits_beside_a_card),
]
