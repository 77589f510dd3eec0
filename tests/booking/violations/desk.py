"""Harm to what the desk took, gave back and added."""

from django.db.models import F

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from tests.booking.violations.rows import NOW, Act


def write(act: str, subject: str, **fields: object) -> None:
    """A line of the log."""
    values = {"at": NOW(), "actor": Member.objects.all()[0], "before": {}, "after": {}, "reason": ""}
    StaffAct.objects.create(act=act, subject=subject, **values | fields)


def paid_in_cash(**fields: object) -> Booking:
    """The free booking, as if it had been paid at the desk, and its line in the log."""
    booking = Booking.objects.get(paid_with="free")
    Booking.objects.filter(pk=booking.pk).update(**{"paid_with": "desk", "amount": 1500, **fields})
    write("book_for_member", booking.subject, after={"amount": 1500, "currency": "gbp", "status": "paid"})
    return booking


def untaken() -> None:
    paid_in_cash()
    StaffAct.objects.all()._raw_delete("default")


def taken_twice() -> None:
    write("walk_in", paid_in_cash().subject, after={"amount": 1500, "currency": "gbp", "status": "paid"})


def another_sum() -> None:
    paid_in_cash(amount=150)


def another_currency() -> None:
    paid_in_cash(currency="eur")


def cash_and_credits() -> None:
    paid_in_cash(credits_spent=1)


def returned_while_it_is_paid() -> None:
    paid_in_cash(returned_amount=700)


def handed_back_and_not_said() -> None:
    write("hand_back_cash", paid_in_cash().subject)


def handed_back_and_not_logged() -> None:
    booking = paid_in_cash(returned_amount=700)
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", cash_returned_at=NOW())


def handed_back_twice() -> None:
    handed_back_and_not_logged()
    for _ in range(2):
        write("hand_back_cash", Booking.objects.get(paid_with="desk").subject)


def added_without_a_reason() -> None:
    one = ClassSession.objects.get(title="First")
    ClassSession.objects.filter(pk=one.pk).update(capacity=F("seats_taken"), extra_seats=1)
    write("extra_seat", f"session:{one.pk}")


def added_twice_and_logged_once() -> None:
    one = ClassSession.objects.get(title="First")
    ClassSession.objects.filter(pk=one.pk).update(capacity=F("seats_taken"), extra_seats=2)
    write("extra_seat", f"session:{one.pk}", reason="came far")


VIOLATIONS: list[Act] = [
    ("desk_bookings", 1, untaken),
    ("desk_bookings", 1, taken_twice),
    ("desk_bookings", 1, another_sum),
    ("desk_bookings", 1, another_currency),
    ("desk_bookings", 1, cash_and_credits),
    ("desk_bookings", 1, returned_while_it_is_paid),
    ("desk_bookings", 1, handed_back_and_not_said),
    ("desk_bookings", 1, handed_back_and_not_logged),
    ("desk_bookings", 1, handed_back_twice),
    ("extra_seats", 1, added_without_a_reason),
    ("extra_seats", 1, added_twice_and_logged_once),
]
