"""States that are legal, many of them for a moment only, and look like what the laws forbid."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import F

from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, Payment, Refund, UnmatchedMoney
from tests.booking.violations.desk import paid_in_cash, write
from tests.booking.violations.rows import LONG, NOW, card, event, refund, step, with_credits
from tests.booking.violations.waitlist import offer, waiting_for_a_free_seat


def the_held(status: str, **fields: object) -> Payment:
    """The payment of the hold, moved on."""
    Payment.objects.filter(status="open").update(status=status, **fields)
    return Payment.objects.get(pk=Booking.objects.get(status="pending").payment_id)


def an_hour_ago() -> None:
    """The hold expired then."""
    Booking.objects.filter(status="pending").update(expires_at=NOW() - timedelta(hours=1))


def queue(payment: Payment, stripe_id: str, amount: int = 1500) -> None:
    UnmatchedMoney.objects.create(
        stripe_id=stripe_id, payment=payment, amount=amount, currency="gbp", why="second", found_at=NOW()
    )


def hold_just_past_its_expiry() -> None:
    Booking.objects.filter(status="pending").update(expires_at=NOW() - timedelta(minutes=5))


def hold_that_stripe_was_not_asked_for_yet() -> None:
    the_held("creating", stripe_intent_id=None)


def long_hold_just_given_up() -> None:
    """A hold of a week, on its third day."""
    the_held("voiding", created_at=NOW() - LONG)
    Booking.objects.filter(status="pending").update(created_at=NOW() - LONG, expires_at=NOW() + LONG)


def expired_hold_at_stripe_this_moment() -> None:
    """The expiry command has claimed it and waits for Stripe; what it voids may turn out to be processing."""
    the_held("voiding", void_claimed_at=NOW(), created_at=NOW() - LONG)
    Booking.objects.filter(status="pending").update(expires_at=NOW() - LONG)


def expired_hold_of_money_under_way() -> None:
    the_held("processing")
    an_hour_ago()


def expired_hold_of_money_in_review() -> None:
    event(the_held("review", amount_received=1400, review_reason="amount"), "payment_intent.succeeded")
    an_hour_ago()
    queue(Payment.objects.get(status="review"), "pi_other", 1400)


def review_without_money_canceled() -> None:
    """Its first news did not fit, its cancel does, and the void is under way."""
    event(the_held("voiding", review_reason="metadata: names another payment"), "payment_intent.canceled")


def declined_and_open_again() -> None:
    event(the_held("open"), "payment_intent.payment_failed")


def succeeded_twice() -> None:
    event(card().payment, "payment_intent.succeeded")
    queue(card().payment, "pi_second")


def canceled_after_it_was_paid() -> None:
    event(card().payment, "payment_intent.canceled")


def seated_again() -> None:
    """Its hold ended, and the money came after all."""
    booking = card()
    booking.transitions.filter(from_status="pending").delete()
    step(booking, "pending", "freed", "paid")


def cancelled_and_returned() -> None:
    """With credits, all of them back."""
    booking, lot = with_credits(), CreditLot.objects.get(remaining=2)
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", returned_credits=1)
    ClassSession.objects.filter(pk=booking.session_id).update(seats_taken=F("seats_taken") - 1)
    CreditEntry.objects.create(lot=lot, spend=booking.credit_spend, kind="returned", credits=1, created_at=NOW())
    CreditLot.objects.filter(pk=lot.pk).update(remaining=3)
    step(booking, "paid", "cancelled")


def cancelled_by_card(returned: int, **fields: object) -> Booking:
    """A card booking that was cancelled with so much to be returned, and the refund of it."""
    booking = card()
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", returned_amount=returned)
    ClassSession.objects.filter(pk=booking.session_id).update(seats_taken=F("seats_taken") - 1)
    step(booking, "paid", "cancelled")
    if fields:
        refund(booking.payment, reason="cancelled", **fields)
    return booking


def cancelled_and_owed() -> None:
    cancelled_by_card(700, amount=700)


def cancelled_late() -> None:
    cancelled_by_card(0)


def cancelled_and_refused_by_the_bank() -> None:
    """The refund failed for good: staff see it, and the booking says what is owed."""
    cancelled_by_card(700, amount=700, status="failed", failure_code="declined", stripe_refund_id="re_1")


def cancelled_and_returned_by_hand() -> None:
    """The dashboard was quicker, with more than was owed."""
    cancelled_by_card(700, amount=700, status="failed", failure_code="already_returned")
    refund(card_of_cancelled().payment, amount=900, status="succeeded", stripe_refund_id="re_1", reason="dashboard")


def cancelled_and_returned_more_by_hand() -> None:
    """Before Stripe was asked for what was owed, the dashboard returned more: that refund took the debt's place."""
    cancelled_by_card(700, amount=900, status="succeeded", stripe_refund_id="re_1")


def card_of_cancelled() -> Booking:
    return Booking.objects.get(status="cancelled")


def came_back_and_expired() -> None:
    """Two credits of a lot that had expired came back as a lot of grace."""
    booking, lot = with_credits(), CreditLot.objects.get(remaining=2)
    Booking.objects.filter(pk=booking.pk).update(status="cancelled", returned_credits=1)
    ClassSession.objects.filter(pk=booking.session_id).update(seats_taken=F("seats_taken") - 1)
    step(booking, "paid", "cancelled")
    CreditEntry.objects.create(lot=lot, spend=booking.credit_spend, kind="returned", credits=1, created_at=NOW())
    CreditEntry.objects.create(lot=lot, kind="expired", credits=-1, created_at=NOW())
    grace = CreditLot.objects.create(
        member=booking.member, granted=1, remaining=1, source="grace", grace_of=booking.credit_spend, created_at=NOW()
    )
    CreditEntry.objects.create(lot=grace, kind="granted", credits=1, created_at=NOW())


def corrected_downwards() -> None:
    """Staff took back one of the two that were left."""
    lot = CreditLot.objects.get(remaining=2)
    CreditEntry.objects.create(lot=lot, kind="corrected", credits=-1, created_at=NOW())
    CreditLot.objects.filter(pk=lot.pk).update(remaining=1)


def returned_in_part_by_hand() -> None:
    """The booking stands; the studio gave some of its price back in the dashboard."""
    refund(card().payment, amount=500, status="succeeded", stripe_refund_id="re_1", reason="dashboard")
    event(card().payment, "refund.created")


def returned_by_hand_while_stripe_was_asked() -> None:
    """The debt was sent, and will be refused: until then both stand there."""
    owed = Refund.objects.get()
    Refund.objects.update(asked_at=NOW(), claimed_at=NOW())
    refund(owed.payment, status="succeeded", stripe_refund_id="re_1", reason="dashboard")


def returned_before_the_payment_is_known() -> None:
    payment = the_held("open")
    refund(payment, status="succeeded", stripe_refund_id="re_1")
    event(payment, "refund.created")


def failed_and_owed_again_tomorrow() -> None:
    owed = Refund.objects.get()
    Refund.objects.update(status="failed", failure_code="declined", stripe_refund_id="re_1")
    refund(owed.payment, reason=owed.reason, due_at=NOW() + timedelta(days=1), attempt=2)


def contested_debt() -> None:
    """Its payer's bank decides: giving it back as well would return it twice."""
    Refund.objects.update(due_at=NOW() - LONG)
    payment = Refund.objects.get().payment
    event(payment, "charge.dispute.created")
    payment.disputes.create(stripe_dispute_id="dp_1", amount=1500, currency="gbp", status="lost", created_at=NOW())


def money_in_the_queue() -> None:
    ended = Payment.objects.get(status="void")
    Payment.objects.filter(pk=ended.pk).update(status="paid", amount_received=1500)
    queue(ended, "pi_1")


def garden_of_secrets() -> None:
    ClassSession.objects.filter(title="First").update(description="The secret garden: pi_and a_whisper, sk_ live_")


def skipped_for_a_reason() -> None:
    Message.objects.filter(kind="booking_paid").update(status="skipped", reason="no_consent")


def message_backing_off() -> None:
    Message.objects.filter(kind="booking_paid").update(
        status="unknown", created_at=NOW() - LONG, due_at=NOW() + timedelta(hours=1)
    )


def message_being_sent() -> None:
    Message.objects.filter(kind="hold_expired").update(status="sending", claimed_at=NOW(), due_at=NOW())


def standing_offer() -> None:
    offer()


def waiting(**fields: object) -> ClassSession:
    """Ana waits for a session that has a free seat."""
    waiting_for_a_free_seat()
    ClassSession.objects.filter(title="Roomy").update(**fields)
    return ClassSession.objects.get(title="Roomy")


def waiting_for_a_full_session() -> None:
    waiting(capacity=0)


def waiting_for_a_seat_freed_this_moment() -> None:
    waiting()
    WaitlistEntry.objects.update(joined_at=NOW() - timedelta(minutes=5))


def waiting_when_offers_have_closed() -> None:
    waiting(starts_at=NOW() + timedelta(minutes=20))


def waiting_for_a_cancelled_session() -> None:
    waiting(status="cancelled")


def waiting_and_deactivated() -> None:
    entry = WaitlistEntry.objects.get(session=waiting())
    gone = Member.objects.create_user("gone@example.com", "long-gone-member", is_active=False)
    WaitlistEntry.objects.filter(pk=entry.pk).update(member=gone)


def waited_and_left() -> None:
    waiting()
    WaitlistEntry.objects.update(left_at=NOW())


def paid_at_the_desk() -> None:
    paid_in_cash()


def cash_handed_back() -> None:
    booking = paid_in_cash()
    step(booking, "paid", "cancelled")
    ClassSession.objects.filter(pk=booking.session_id).update(seats_taken=0)
    ended = {"status": "cancelled", "returned_amount": 700, "cash_returned_at": NOW()}
    Booking.objects.filter(pk=booking.pk).update(**ended)
    write("hand_back_cash", booking.subject, after={"amount": 700, "currency": "gbp"})


def seat_added_for_a_reason() -> None:
    one = ClassSession.objects.get(title="First")
    ClassSession.objects.filter(pk=one.pk).update(capacity=F("seats_taken"), extra_seats=1)
    write("extra_seat", f"session:{one.pk}", reason="came far")


LOOK_ALIKES: list[Callable[[], None]] = [
    hold_just_past_its_expiry,
    hold_that_stripe_was_not_asked_for_yet,
    long_hold_just_given_up,
    expired_hold_at_stripe_this_moment,
    expired_hold_of_money_under_way,
    expired_hold_of_money_in_review,
    review_without_money_canceled,
    declined_and_open_again,
    succeeded_twice,
    canceled_after_it_was_paid,
    seated_again,
    cancelled_and_returned,
    cancelled_and_owed,
    cancelled_late,
    cancelled_and_refused_by_the_bank,
    cancelled_and_returned_by_hand,
    cancelled_and_returned_more_by_hand,
    came_back_and_expired,
    corrected_downwards,
    returned_in_part_by_hand,
    returned_by_hand_while_stripe_was_asked,
    returned_before_the_payment_is_known,
    failed_and_owed_again_tomorrow,
    contested_debt,
    money_in_the_queue,
    garden_of_secrets,
    skipped_for_a_reason,
    message_backing_off,
    message_being_sent,
    standing_offer,
    waiting_for_a_full_session,
    waiting_for_a_seat_freed_this_moment,
    waiting_when_offers_have_closed,
    waiting_for_a_cancelled_session,
    waiting_and_deactivated,
    waited_and_left,
    paid_at_the_desk,
    cash_handed_back,
    seat_added_for_a_reason,
]
