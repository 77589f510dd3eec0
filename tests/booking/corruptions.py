"""Thirty-odd ways in which Stripe and the database can come to differ, each done to a healthy studio by one hand.

`there`: something happened at Stripe and no word of it came. `here`: somebody, or a restored backup, changed the rows.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from booking import seats
from booking.models import Booking, BookingTransition, ClassSession
from notifications.models import Message
from payments.models import Payment, Refund, StripeEvent
from tests.cast import Caller, Sandbox, intent_of, session, tell

EVENTS = (
    *(f"payment_intent.{end}" for end in ("succeeded", "canceled", "processing", "payment_failed")),
    *(f"refund.{end}" for end in ("created", "updated", "failed")),
    *(f"charge.dispute.{end}" for end in ("created", "updated", "closed")),
)


@dataclass
class Scene:
    """Ana's card booking of a session, and the hand that spoils it."""

    ana: Caller
    sandbox: Sandbox

    def hold(self) -> str:
        self.yoga = session(title="Yoga")
        self.intent = intent_of(self.ana.book(self.yoga, "card"))
        return self.intent

    def pay(self) -> str:
        self.sandbox.pays(self.hold())
        self.news()
        return self.intent

    def owe_late(self, card: str = "pm_card_visa") -> None:
        """A payment that came too late and is owed back."""
        self.sandbox.pays(self.hold(), card)
        ClassSession.objects.filter(pk=self.yoga.pk).update(starts_at=timezone.now() - timedelta(minutes=1))
        self.news()

    def return_late(self) -> None:
        """A payment that came too late and was given back."""
        self.owe_late()
        call_command("submit_refunds", verbosity=0)
        self.news()

    def news(self) -> None:
        """Every event there is arrives, oldest first."""
        for type_ in EVENTS:
            for event in reversed(self.sandbox.events(type_)):
                tell(event)

    def act(self, act: str, **body: Any) -> Any:
        return self.sandbox.control("POST", f"payment_intents/{self.intent}/{act}", **body)

    def ask(self, path: str, **data: Any) -> Any:
        """Something at Stripe's API with the account's own key."""
        auth = (settings.STRIPE_SECRET_KEY, "")
        return self.sandbox.http.post(f"{self.sandbox.base}/v1/{path}", data=data, auth=auth, timeout=10).json()

    @property
    def booking(self) -> Booking:
        return Booking.objects.select_related("payment").get()

    @property
    def payment(self) -> Payment:
        return Payment.objects.get()


# --- there ------------------------------------------------------------------------------------------------------------
def success_lost(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold())


def success_lost_after_a_decline(scene: Scene) -> None:
    settings.PAYMENT_FAILED_POLICY = "hold"
    scene.sandbox.pays(scene.hold(), "pm_card_chargeDeclined")
    scene.sandbox.pays(scene.intent)


def success_lost_until_the_session_had_begun(scene: Scene) -> None:
    """It was paid in time, half an hour ago: the news is late, not the money."""
    scene.sandbox.control("POST", "clock", advance=-1800)
    scene.sandbox.pays(scene.hold())
    scene.sandbox.control("POST", "clock", advance=1800)
    ClassSession.objects.update(starts_at=timezone.now() - timedelta(minutes=10))


def bank_settled_unheard(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold(), "pm_sandbox_processing")
    scene.news()
    scene.act("settle")


def canceled_in_the_dashboard(scene: Scene) -> None:
    scene.hold()
    scene.act("cancel")


def decline_unheard(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold(), "pm_card_chargeDeclined")


def refunded_in_the_dashboard(scene: Scene) -> None:
    scene.pay()
    scene.act("refund")


def part_refunded_in_the_dashboard(scene: Scene) -> None:
    scene.pay()
    scene.act("refund", amount=400)


def refund_paid_out_unheard(scene: Scene) -> None:
    scene.owe_late("pm_card_pendingRefund")
    call_command("submit_refunds", verbosity=0)
    for event in scene.sandbox.events("refund.created"):
        tell(event)
    [refund] = scene.sandbox.stripe("refunds")["data"]
    scene.sandbox.control("POST", f"refunds/{refund['id']}/succeed")  # unless it went by itself just now


def refund_failed_unheard(scene: Scene) -> None:
    scene.return_late()
    [refund] = scene.sandbox.stripe("refunds")["data"]
    scene.sandbox.control("POST", f"refunds/{refund['id']}/fail")


def disputed_unheard(scene: Scene) -> None:
    scene.pay()
    scene.act("dispute")


def second_part_refunded_in_the_dashboard(scene: Scene) -> None:
    scene.pay()
    scene.act("refund", amount=400)
    scene.news()
    scene.act("refund", amount=300)


def refund_of_the_dashboard_failed_unheard(scene: Scene) -> None:
    scene.pay()
    scene.act("refund")
    scene.news()
    [refund] = scene.sandbox.stripe("refunds")["data"]
    scene.sandbox.control("POST", f"refunds/{refund['id']}/fail")


def refund_made_and_its_answer_lost(scene: Scene) -> None:
    scene.owe_late()
    submit_and_lose_the_answer(scene)


def dispute_decided_unheard(scene: Scene) -> None:
    scene.pay()
    scene.act("dispute")
    scene.news()
    [dispute] = scene.sandbox.stripe("disputes")["data"]
    scene.sandbox.control("POST", f"disputes/{dispute['id']}/close", won=True)


def bank_refused_unheard(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold(), "pm_sandbox_processing")
    scene.news()
    scene.act("settle", ok=False)


def canceled_and_its_answer_lost(scene: Scene) -> None:
    scene.hold()
    scene.sandbox.fault("reset_after", "/cancel$", times=2)
    scene.ana.post(f"/api/booking/bookings/{scene.booking.reference}/cancel/")


def success_lost_of_a_cancelled_session(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold())
    ClassSession.objects.update(status="cancelled")


def other_amount_paid(scene: Scene) -> None:
    scene.hold()
    scene.ask(f"payment_intents/{scene.intent}", amount=1600)
    scene.sandbox.pays(scene.intent)


def second_intent_can_be_paid(scene: Scene) -> None:
    scene.pay()
    make_twin(scene)


def second_intent_was_paid(scene: Scene) -> None:
    scene.pay()
    scene.sandbox.pays(make_twin(scene))


def amount_changed_in_the_dashboard(scene: Scene) -> None:
    scene.hold()
    scene.ask(f"payment_intents/{scene.intent}", amount=1600)


# --- here -------------------------------------------------------------------------------------------------------------
def rows_lost_while_it_can_be_paid(scene: Scene) -> None:
    scene.hold()
    _lose_the_rows()


def rows_lost_after_it_was_paid(scene: Scene) -> None:
    scene.pay()
    _lose_the_rows()


def backup_from_before_it_was_paid(scene: Scene) -> None:
    scene.pay()
    _back_to_pending()
    Payment.objects.update(status="open", amount_received=0, ended_at=None)


def backup_from_before_the_intent_was_known(scene: Scene) -> None:
    scene.pay()
    _back_to_pending()
    Payment.objects.update(status="creating", amount_received=0, ended_at=None, stripe_intent_id=None)


def paid_by_hand_while_open(scene: Scene) -> None:
    scene.hold()
    _pay_by_hand(scene)


def paid_by_hand_after_it_was_canceled(scene: Scene) -> None:
    scene.hold()
    scene.act("cancel")
    _pay_by_hand(scene)
    scene.news()


def voided_by_hand(scene: Scene) -> None:
    scene.hold()
    _free_by_hand(scene)
    Payment.objects.update(status="void", ended_at=timezone.now())


def freed_by_hand(scene: Scene) -> None:
    scene.hold()
    _free_by_hand(scene)


def freed_by_hand_after_it_was_paid(scene: Scene) -> None:
    scene.pay()
    BookingTransition.objects.filter(to_status="paid").delete()
    Booking.objects.update(status="pending", paid_with="", paid_at=None)
    _free_by_hand(scene)


def still_held_though_paid(scene: Scene) -> None:
    scene.pay()
    _back_to_pending()


def still_held_though_void(scene: Scene) -> None:
    scene.hold()
    scene.act("cancel")
    scene.news()
    booking = scene.booking
    seats.take(scene.yoga, now=timezone.now())
    BookingTransition.objects.filter(booking=booking, to_status="freed").delete()
    Booking.objects.update(status="pending", ended_at=None, ended_reason="")


def sum_received_lost(scene: Scene) -> None:
    scene.pay()
    Payment.objects.update(amount_received=0)


def price_changed_on_the_row(scene: Scene) -> None:
    scene.hold()
    Payment.objects.update(amount=1)


def price_changed_on_the_row_and_paid(scene: Scene) -> None:
    scene.sandbox.pays(scene.hold())
    Payment.objects.update(amount=1)


def intent_forgotten(scene: Scene) -> None:
    scene.pay()
    Payment.objects.update(stripe_intent_id=None)


def intent_mistaken(scene: Scene) -> None:
    scene.pay()
    Payment.objects.update(stripe_intent_id="pi_of_nobody")


def refund_row_lost(scene: Scene) -> None:
    scene.return_late()
    Refund.objects.all().delete()


def refund_never_made(scene: Scene) -> None:
    scene.owe_late()
    Refund.objects.update(status="succeeded", stripe_refund_id="re_of_nobody", asked_at=timezone.now())


def refund_of_another_sum(scene: Scene) -> None:
    scene.return_late()
    Refund.objects.update(amount=1400)


def refund_believed_failed(scene: Scene) -> None:
    scene.return_late()
    Refund.objects.update(status="failed", failure_code="by hand")


def event_row_lost(scene: Scene) -> None:
    scene.pay()
    StripeEvent.objects.all().delete()


PAID, FREED, CANCELLED = ("paid", "paid"), ("freed", "void"), ("cancelled", "void")
RETURNED, OWED = ("freed", "paid", "succeeded"), ("freed", "paid", "failed", "due")
Corruption = tuple[Callable[[Scene], None], str, tuple[str, ...]]
# What was done, what the comparison calls it, and how booking, payment and refunds stand after the repair.
CORRUPTIONS: list[Corruption] = [
    (success_lost, "paid_there_not_here", PAID),
    (success_lost_after_a_decline, "paid_there_not_here", PAID),
    (success_lost_until_the_session_had_begun, "paid_there_not_here", PAID),
    (bank_settled_unheard, "paid_there_not_here", PAID),
    (canceled_in_the_dashboard, "canceled_there_not_here", FREED),
    (decline_unheard, "event_not_received", FREED),
    (refunded_in_the_dashboard, "refund_there_not_here", (*PAID, "succeeded")),
    (part_refunded_in_the_dashboard, "refund_there_not_here", (*PAID, "succeeded")),
    (refund_paid_out_unheard, "refund_differs", RETURNED),
    (refund_failed_unheard, "refund_differs", OWED),
    (disputed_unheard, "event_not_received", PAID),
    (second_part_refunded_in_the_dashboard, "refund_there_not_here", (*PAID, "succeeded", "succeeded")),
    (refund_of_the_dashboard_failed_unheard, "refund_differs", (*PAID, "failed")),
    (refund_made_and_its_answer_lost, "refund_differs", RETURNED),
    (dispute_decided_unheard, "event_not_received", PAID),
    (bank_refused_unheard, "event_not_received", FREED),
    (canceled_and_its_answer_lost, "canceled_there_not_here", FREED),
    (success_lost_of_a_cancelled_session, "paid_there_not_here", ("freed", "paid", "due")),
    (other_amount_paid, "paid_there_not_here", ("pending", "review")),
    (second_intent_can_be_paid, "payable_there_without_hold", PAID),
    (second_intent_was_paid, "paid_there_not_here", PAID),
    (amount_changed_in_the_dashboard, "amount_differs", FREED),
    (rows_lost_while_it_can_be_paid, "payable_there_without_hold", ()),
    (rows_lost_after_it_was_paid, "paid_there_not_here", ()),
    (backup_from_before_it_was_paid, "paid_there_not_here", PAID),
    (backup_from_before_the_intent_was_known, "paid_there_not_here", PAID),
    (paid_by_hand_while_open, "paid_here_not_there", CANCELLED),
    (paid_by_hand_after_it_was_canceled, "paid_here_not_there", CANCELLED),
    (voided_by_hand, "payable_there_without_hold", FREED),
    (freed_by_hand, "payable_there_without_hold", FREED),
    (freed_by_hand_after_it_was_paid, "not_settled_here", PAID),
    (still_held_though_paid, "not_settled_here", PAID),
    (still_held_though_void, "not_settled_here", FREED),
    (sum_received_lost, "amount_differs", PAID),
    (price_changed_on_the_row, "amount_differs", ("pending", "open")),
    (price_changed_on_the_row_and_paid, "paid_there_not_here", PAID),
    (intent_forgotten, "intent_differs", PAID),
    (intent_mistaken, "intent_differs", PAID),
    (refund_row_lost, "refund_there_not_here", RETURNED),
    (refund_never_made, "refund_here_not_there", OWED),
    (refund_of_another_sum, "refund_differs", RETURNED),
    (refund_believed_failed, "refund_differs", RETURNED),
    (event_row_lost, "event_not_received", PAID),
]


def make_twin(scene: Scene) -> str:
    """Another intent of the same payment, as from a program that forgot its key."""
    metadata = {f"metadata[{name}]": value for name, value in scene.payment.metadata.items()}
    return str(scene.ask("payment_intents", amount=1500, currency="gbp", **metadata)["id"])


def submit_and_lose_the_answer(scene: Scene) -> None:
    scene.sandbox.fault("reset_after", "/v1/refunds$", times=2)
    with contextlib.suppress(SystemExit):
        call_command("submit_refunds", verbosity=0)


def _lose_the_rows() -> None:
    Message.objects.all().delete()
    BookingTransition.objects.all().delete()
    StripeEvent.objects.all().delete()
    Booking.objects.all().delete()
    Payment.objects.all().delete()
    ClassSession.objects.update(seats_taken=0)


def _back_to_pending() -> None:
    BookingTransition.objects.filter(to_status="paid").delete()
    Booking.objects.update(status="pending", paid_with="", paid_at=None)


def _pay_by_hand(scene: Scene) -> None:
    now = timezone.now()
    Payment.objects.update(status="paid", amount_received=1500, ended_at=now)
    scene.booking.mark_paid(paid_with="card", by="hand", reason="payment_succeeded", now=now)
    Message.objects.create(
        kind="booking_paid",
        subject=scene.booking.subject,
        member=scene.booking.member,
        variables={},
        status="skipped",
        reason="by hand",
        due_at=now,
        created_at=now,
    )


def _free_by_hand(scene: Scene) -> None:
    booking = scene.booking
    booking.free(by="hand", reason="staff", now=timezone.now())
    seats.give_back(booking.session_id)
