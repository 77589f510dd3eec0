"""What was before a trial: made by the program's own doors, in the test's process, undisturbed."""

import json
from typing import Any

from django.db import transaction
from django.utils import timezone

from booking import checkout, settlement
from booking.models import Booking
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments import refunds
from payments.models import Payment, Refund
from tests.cast import Caller, give_credits, tell
from tests.faults.trial import Trial, stale
from tests.races.clients import JSON, Ask

SUCCEEDED = "payment_intent.succeeded"


def nothing(trial: Trial) -> None:
    """Nobody has done anything yet."""


def has_a_credit(trial: Trial) -> None:
    give_credits(trial.member, 1)


def will_pay(trial: Trial) -> None:
    """Once there is something to pay, it is paid."""
    trial.pays = True


def holds(trial: Trial) -> None:
    trial.holds()


def holds_and_will_pay(trial: Trial) -> None:
    trial.holds()
    trial.pays = True


def holds_too_long(trial: Trial) -> None:
    trial.holds()
    assert trial.booking is not None
    stale(trial.booking)


def paid_untold(trial: Trial) -> None:
    trial.holds()
    trial.sandbox.pays(trial.intent)
    trial.event = trial.event_of(SUCCEEDED)


def declined(trial: Trial) -> None:
    trial.holds()
    trial.sandbox.pays(trial.intent, "pm_card_chargeDeclined")
    trial.event = trial.event_of("payment_intent.payment_failed")


def canceled_at_stripe(trial: Trial) -> None:
    trial.holds()
    trial.sandbox.cancel(trial.intent)
    trial.event = trial.event_of("payment_intent.canceled")


def somebody_held_it(trial: Trial) -> None:
    """The only seat is held by somebody who has let the time for paying pass."""
    give_credits(trial.member, 1)
    trial.holds(_another(trial))
    assert trial.booking is not None
    stale(trial.booking)


def paid_too_late(trial: Trial) -> None:
    """The hold was let go and its seat taken by somebody else; then the money comes."""
    trial.holds()
    assert trial.booking is not None
    with transaction.atomic():
        trial.payment.change(Payment.Status.VOID, void_reason="expired", ended_at=timezone.now())
        settlement.free(Booking.objects.get(pk=trial.booking.pk), reason="expired", by="test", now=timezone.now())
    another = _another(trial)
    give_credits(another, 1)
    checkout.book(
        member=another, session_id=trial.session.pk, pay_with="credits", key=None, now=timezone.now()
    )  # fmt: skip
    trial.sandbox.pays(trial.intent)
    trial.event = trial.event_of(SUCCEEDED)


def owed(trial: Trial) -> None:
    """The money of such a payment is owed back."""
    paid_too_late(trial)
    _hear(trial, trial.event)
    assert delivery.lane.wait(20)


def refund_failed(trial: Trial) -> None:
    """It was given back, and the bank has sent it back."""
    owed(trial)
    submitted = refunds.submit(Refund.objects.get(payment=trial.payment), now=timezone.now())
    assert submitted is not None
    trial.sandbox.control("POST", f"refunds/{submitted.stripe_refund_id}/fail")
    trial.event = trial.event_of("refund.failed")


def owed_again(trial: Trial) -> None:
    refund_failed(trial)
    _hear(trial, trial.event)
    Refund.objects.filter(payment=trial.payment, status="due").update(due_at=timezone.now())
    assert delivery.lane.wait(20)


def owed_and_returned_in_dashboard(trial: Trial) -> None:
    owed(trial)
    trial.sandbox.control("POST", f"payment_intents/{trial.intent}/refund")


def returned_in_dashboard(trial: Trial) -> None:
    """A paid booking, whose money somebody has given back by hand."""
    paid_untold(trial)
    _hear(trial, trial.event)
    trial.sandbox.control("POST", f"payment_intents/{trial.intent}/refund")
    trial.event = trial.event_of("refund.created")


def paid_news_lost(trial: Trial) -> None:
    """Paid, and Stripe has given up telling us."""
    paid_untold(trial)
    trial.told.add(trial.event["id"])


def returned_news_lost(trial: Trial) -> None:
    returned_in_dashboard(trial)
    trial.told.add(trial.event["id"])


def contested(trial: Trial) -> None:
    paid_untold(trial)
    _hear(trial, trial.event)
    trial.sandbox.control("POST", f"payment_intents/{trial.intent}/dispute")
    trial.event = trial.event_of("charge.dispute.created")


def has_a_message(trial: Trial) -> None:
    """One that nobody has sent yet."""
    variables = {"name": trial.member.name, "title": "Yoga", "start": f"Monday at {trial.member.pk}"}
    now = timezone.now()
    Message.objects.create(
        kind="payment_failed", subject=trial.key, member=trial.member, variables=variables, due_at=now, created_at=now
    )


def staff_ask(trial: Trial) -> None:
    """Carla at the front desk is the one who asks."""
    trial.caller = Caller(
        Member.objects.create(email=f"desk{trial.member.pk}@example.com", name="Carla", is_staff=True)
    )


def grant(trial: Trial) -> Ask:
    wish: dict[str, Any] = {"member": trial.member.pk, "credits": 5, "note": "a gift"}
    named = {"Idempotency-Key": trial.key}
    return Ask("/api/payments/credits/grants/", {**JSON, **trial.caller.headers, **named}, json.dumps(wish).encode())


def _another(trial: Trial) -> Member:
    return Member.objects.create(email=f"another{trial.member.pk}@example.com", name="Ben", password="!")


def _hear(trial: Trial, event: dict[str, Any]) -> None:
    assert tell(event).status_code == 200
    trial.told.add(event["id"])
