"""Harm to payments and refunds."""

from booking.models import Booking
from members.models import Member
from payments.models import Payment, Refund
from tests.booking.violations.rows import LONG, NOW, Act, card, refund


def other_amount() -> None:
    Booking.objects.filter(pk=card().pk).update(amount=1)


def other_price_than_agreed() -> None:
    Booking.objects.filter(status="pending").update(amount=1400)


def payment_of_another() -> None:
    Payment.objects.filter(pk=card().payment_id).update(member=Member.objects.get(name="Ana"))


def payment_for_something_else() -> None:
    Payment.objects.filter(pk=card().payment_id).update(subject="booking:NOWHERE1")


def unpaid_payment() -> None:
    Payment.objects.filter(pk=card().payment_id).update(status="open")


def unreturned_money() -> None:
    Refund.objects.all().delete()


def half_returned() -> None:
    Refund.objects.update(amount=1499)


def failed_for_good() -> None:
    Refund.objects.update(status="failed")


def seated_and_returned() -> None:
    refund(card().payment, reason="late_payment")


def money_in_no_queue() -> None:
    Payment.objects.filter(status="open").update(status="review", amount_received=1400, review_reason="amount")


def returned_twice() -> None:
    refund(Refund.objects.get().payment, amount=1)


def returned_and_never_paid() -> None:
    payment = Payment.objects.get(status="open")
    refund(payment, status="succeeded", stripe_refund_id="re_1", created_at=NOW() - LONG)


def returned_under_no_name() -> None:
    Refund.objects.update(status="succeeded")


def returned_in_another_currency() -> None:
    Refund.objects.update(currency="eur")


def cancelled_card(returned: int) -> Booking:
    booking = card()
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", returned_amount=returned)
    return booking


def cancelled_and_not_owed() -> None:
    cancelled_card(700)


def cancelled_and_owed_in_part() -> None:
    refund(cancelled_card(700).payment, amount=699, reason="cancelled")


def cancelled_and_returned_too_much() -> None:
    refund(cancelled_card(700).payment, amount=701, reason="cancelled")


VIOLATIONS: list[Act] = [
    ("card_bookings", 1, other_amount),
    ("card_bookings", 1, other_price_than_agreed),
    ("card_bookings", 1, payment_of_another),
    ("card_bookings", 1, payment_for_something_else),
    ("card_bookings", 1, unpaid_payment),
    ("payments", 1, unreturned_money),
    ("payments", 1, half_returned),
    ("payments", 1, failed_for_good),
    ("payments", 1, seated_and_returned),
    ("payments", 1, money_in_no_queue),
    ("refunds", 1, returned_twice),
    ("refunds", 1, returned_and_never_paid),
    ("refunds", 1, returned_under_no_name),
    ("refunds", 1, returned_in_another_currency),
    ("cancelled", 1, cancelled_and_not_owed),
    ("cancelled", 1, cancelled_and_owed_in_part),
    ("cancelled", 1, cancelled_and_returned_too_much),
]
