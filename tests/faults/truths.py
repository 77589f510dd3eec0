"""What must be true of one trial in the end, whenever the process was killed; each lists what is not."""

from typing import Any

from django.db.models import Sum

from booking.models import Booking
from notifications.models import Message
from payments.models import CreditLot, Dispute, Payment, Refund
from tests.faults.trial import Trial

PRICE = 1500
# What a program without its guards (see `unguarded.py`) is caught at, by the words of a finding.
CAUGHT = {
    # A success that was forgotten comes back when its hold expires: the void finds it paid. A refund does not.
    "webhook refund of the dashboard": "[] instead of [('dashboard', 1500, 'succeeded')]",
    "book with credits": "1 credits are gone, 0 are booked",
    "deliver_messages": "was sent and stands nowhere",
}


def paid_with_credits(trial: Trial) -> list[str]:
    """Booked once, for one credit."""
    return _is(_bookings(trial), [("paid", "credits", 1)]) + _is(_credits(trial), 0)


def paid_for_free(trial: Trial) -> list[str]:
    return _is(_bookings(trial), [("paid", "free", 0)])


def paid_by_card(trial: Trial) -> list[str]:
    """Booked once, charged once, nothing owed back."""
    payments = _payments(trial)
    charged = [_taken(trial, payment) for payment in payments]
    return (
        _is(_bookings(trial), [("paid", "card", 0)])
        + _is([payment.status for payment in payments], ["paid"])
        + _is(charged, [PRICE])
        + _is(_refunds(trial), [])
    )


def freed(trial: Trial) -> list[str]:
    """Nothing is held, and nothing can be paid any more."""
    intents = [trial.sandbox.intent(payment.stripe_intent_id)["status"] for payment in _payments(trial)]
    return _is(_bookings(trial), [("freed", "", 0)]) + _is(intents, ["canceled"])


def seated_instead(trial: Trial) -> list[str]:
    """The stale hold is gone for good, and its seat went to who asked."""
    assert trial.booking is not None
    stale = Booking.objects.select_related("payment").get(pk=trial.booking.pk)
    assert stale.payment is not None
    at_stripe = trial.sandbox.intent(trial.intent)["status"]
    return paid_with_credits(trial) + _is((stale.status, at_stripe), ("freed", "canceled"))


def granted_once(trial: Trial) -> list[str]:
    return _is(list(CreditLot.objects.filter(member=trial.member).values_list("granted", flat=True)), [5])


def returned_once(trial: Trial) -> list[str]:
    """All the money went back, once; the seat is somebody else's."""
    good = [row for row in _refunds(trial) if row[1] != "failed"]
    return (
        _is(_bookings(trial), [("freed", "", 0)])
        + _is(good, [(PRICE, "succeeded")])
        + _is([_taken(trial, payment) for payment in _payments(trial)], [0])
    )


def dashboard_recorded(trial: Trial) -> list[str]:
    """What somebody gave back by hand stands in the books once; the booking is as it was."""
    reasons = list(Refund.objects.filter(payment__member=trial.member).values_list("reason", "amount", "status"))
    return _is(reasons, [("dashboard", PRICE, "succeeded")]) + _is(_bookings(trial), [("paid", "card", 0)])


def dashboard_was_first(trial: Trial) -> list[str]:
    """The debt is settled by what was given back already."""
    good = [row for row in _refunds(trial) if row[1] != "failed"]
    return _is(good, [(PRICE, "succeeded")]) + _is([_taken(trial, payment) for payment in _payments(trial)], [0])


def contested_once(trial: Trial) -> list[str]:
    return _is(Dispute.objects.filter(payment=trial.payment).count(), 1) + _is(_bookings(trial), [("paid", "card", 0)])


def told_once(trial: Trial) -> list[str]:
    """The message stands as sent, and one has reached the phone."""
    status = Message.objects.get(subject=trial.key).status
    phone = trial.member.phone.as_e164
    reached = [one for one in trial.sandbox.messages() if one["to"] == f"whatsapp:{phone}"]
    return _is((status, len(reached)), ("sent", 1))


def _is(found: Any, wanted: Any) -> list[str]:
    return [] if found == wanted else [f"{found} instead of {wanted}"]


def _bookings(trial: Trial) -> list[tuple[str, str, int]]:
    rows = Booking.objects.filter(member=trial.member).order_by("id")
    return list(rows.values_list("status", "paid_with", "credits_spent"))


def _payments(trial: Trial) -> list[Payment]:
    return list(Payment.objects.filter(member=trial.member).order_by("id"))


def _refunds(trial: Trial) -> list[tuple[int, str]]:
    return list(Refund.objects.filter(payment__member=trial.member).order_by("id").values_list("amount", "status"))


def _credits(trial: Trial) -> int:
    return CreditLot.objects.filter(member=trial.member).aggregate(left=Sum("remaining"))["left"] or 0


def _taken(trial: Trial, payment: Payment) -> int:
    """What Stripe has taken from the member for this payment, less what it has returned."""
    if payment.stripe_intent_id is None:
        return 0
    received = trial.sandbox.intent(payment.stripe_intent_id)["amount_received"]
    returned = trial.sandbox.stripe("refunds", payment_intent=payment.stripe_intent_id, limit=100)["data"]
    return received - sum(refund["amount"] for refund in returned if refund["status"] in ("succeeded", "pending"))
