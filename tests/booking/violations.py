"""One act of harm for every law to find; each breaks the studio of `test_integrity` in one place."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from django.utils import timezone

from booking.models import Booking, BookingTransition, ClassSession
from members.models import Member
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, CreditSpend, Payment, Refund, StripeEvent

NOW = timezone.now
LONG = timedelta(days=2)


def card() -> Booking:
    return Booking.objects.select_related("payment").get(paid_with="card", status="paid")


def with_credits() -> Booking:
    return Booking.objects.select_related("credit_spend").get(paid_with="credits")


def event(payment: Payment, type_: str) -> None:
    """News that is stored and had no effect."""
    number = StripeEvent.objects.count()
    StripeEvent.objects.create(
        event_id=f"evt_{number}", type=type_, payment=payment, created_at=NOW(), received_at=NOW()
    )


def refund(payment: Payment, **fields: object) -> Refund:
    """One more refund of the payment, a whole one that was just made unless told otherwise."""
    key = f"more-{Refund.objects.count()}"
    values = {"key": key, "amount": 1500, "currency": "gbp", "reason": "x", "due_at": NOW(), "created_at": NOW()}
    return Refund.objects.create(payment=payment, **values | fields)


def step(booking: Booking, *statuses: str) -> None:
    for from_, to in pairwise(statuses):
        BookingTransition.objects.create(booking=booking, from_status=from_, to_status=to, reason="x", by="x", at=NOW())


def wrong_seats() -> None:
    ClassSession.objects.filter(title="First").update(seats_taken=1)


def old_hold() -> None:
    Booking.objects.filter(status="pending").update(expires_at=NOW() - timedelta(hours=1))


def hold_with_a_dead_claim() -> None:
    old_hold()
    Payment.objects.filter(status="open").update(status="voiding", void_claimed_at=NOW() - timedelta(hours=1))


def hold_of_a_cancelled_session() -> None:
    ClassSession.objects.filter(title="Held").update(status="cancelled")
    Booking.objects.filter(status="pending").update(created_at=NOW() - timedelta(hours=1))


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


def skipped_transition() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="pending").delete()


def no_transition() -> None:
    BookingTransition.objects.filter(booking=card()).delete()


def illegal_edge() -> None:
    step(card(), "paid", "pending", "paid")


def second_start() -> None:
    step(card(), "", "paid")


def wrong_order() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="").delete()
    step(card(), "", "pending")


def seated_again_before_it_was_freed() -> None:
    BookingTransition.objects.filter(booking=card(), from_status="pending").delete()
    step(card(), "freed", "paid")
    step(card(), "pending", "freed")


def cancelled_before_it_was_paid() -> None:
    booking = card()
    BookingTransition.objects.filter(booking=booking, from_status="pending").delete()
    step(booking, "paid", "cancelled")
    step(booking, "pending", "paid")
    Booking.objects.filter(pk=booking.pk).update(status="cancelled")


def paid_ten_times() -> None:
    """And never freed, as it says it is."""
    BookingTransition.objects.filter(booking__status="freed", from_status="pending").delete()
    for booking in Booking.objects.filter(status="freed"):
        for _ in range(10):
            step(booking, "pending", "paid")


def untold() -> None:
    Message.objects.filter(kind="booking_paid", subject=card().subject).delete()


def failed_without_reason() -> None:
    Message.objects.filter(kind="booking_paid", subject=card().subject).update(status="failed", reason="")


def success_without_effect() -> None:
    event(Payment.objects.get(status="open"), "payment_intent.succeeded")


def cancel_without_effect() -> None:
    event(Payment.objects.get(status="open"), "payment_intent.canceled")


def decline_without_effect() -> None:
    Payment.objects.filter(status="open").update(status="creating")
    event(Payment.objects.get(status="creating"), "payment_intent.payment_failed")


def refund_without_effect() -> None:
    event(card().payment, "refund.updated")


def dispute_without_effect() -> None:
    event(card().payment, "charge.dispute.created")


def stuck_void() -> None:
    Payment.objects.filter(status="open").update(status="voiding", created_at=NOW() - LONG)
    Booking.objects.filter(status="pending").update(expires_at=NOW() - LONG)


def payable_without_a_hold() -> None:
    Payment.objects.filter(status="void").update(status="open")


def unsettled() -> None:
    Payment.objects.filter(status="open").update(status="void")


def old_debt() -> None:
    Refund.objects.update(due_at=NOW() - LONG)


def old_message() -> None:
    one = Message.objects.filter(kind="hold_expired")[0]
    Message.objects.filter(pk=one.pk).update(status="queued", due_at=NOW() - LONG)


def secret_in_a_name() -> None:
    Member.objects.filter(name="Ana").update(name="pi_3Abc_secret_xyz")


def webhook_secret_in_a_note() -> None:
    CreditLot.objects.filter(remaining=2).update(note="whsec_abc")


def key_in_a_message() -> None:
    message = Message.objects.all()[0]
    message.variables["title"] = "sk_live_51abc"
    message.save()


# The law, how often it is then broken, and by what.
VIOLATIONS: list[tuple[str, int, Callable[[], None]]] = [
    ("seats", 1, wrong_seats),
    ("stale_holds", 1, old_hold),
    ("stale_holds", 1, hold_with_a_dead_claim),
    ("stale_holds", 1, hold_of_a_cancelled_session),
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
    ("transitions", 1, skipped_transition),
    ("transitions", 1, no_transition),
    ("transitions", 1, illegal_edge),
    ("transitions", 1, second_start),
    ("transitions", 1, wrong_order),
    ("transitions", 1, seated_again_before_it_was_freed),
    ("transitions", 1, cancelled_before_it_was_paid),
    ("transitions", 2, paid_ten_times),  # the stale hold, and the late payment
    ("confirmations", 1, untold),
    ("confirmations", 1, failed_without_reason),
    ("half_done", 1, success_without_effect),
    ("half_done", 1, cancel_without_effect),
    ("half_done", 1, decline_without_effect),
    ("half_done", 1, refund_without_effect),
    ("half_done", 1, dispute_without_effect),
    ("half_done", 1, stuck_void),
    ("half_done", 1, payable_without_a_hold),
    ("half_done", 1, unsettled),
    ("half_done", 1, old_debt),
    ("half_done", 1, old_message),
    ("secrets", 1, secret_in_a_name),
    ("secrets", 1, webhook_secret_in_a_note),
    ("secrets", 1, key_in_a_message),
]
