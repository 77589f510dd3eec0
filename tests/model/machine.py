"""The state machine: every hand that can do something to the studio, and how every play ends."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from hypothesis.stateful import initialize
from hypothesis.strategies import data, integers, sampled_from, sets

from notifications.models import Message
from payments.models import Refund
from tests.model.cancelling import TIERS, WINDOW, Terms
from tests.model.leaving import Leaving
from tests.model.ledger import Booking, Member
from tests.model.night import Night
from tests.model.payers import Payers
from tests.model.post import Post
from tests.model.stripe_truth import Event
from tests.model.studio import Studio
from tests.model.world import NAMES

MOST_NIGHTS = 6
SESSIONS_AT_FIRST = 2
MOST_LEFT_OUT = 6


class Machine(Leaving, Payers, Post, Night):
    """All rules over one play."""

    @initialize(
        data=data(),
        failed=sampled_from(["void", "hold"]),
        late=sampled_from(["reseat", "refund"]),
        terms=sampled_from([TIERS, TIERS, TIERS, WINDOW]),
        number=integers(0, 999),
    )
    def begin(self, data: Any, failed: str, late: str, terms: Terms, number: int) -> None:
        """Hypothesis begins with the simplest example of all: that is number 0, in which nothing happens."""
        if number == 0:
            return
        self.world.begin_anew()
        self.settings.PAYMENT_FAILED_POLICY, self.settings.LATE_PAYMENT_POLICY = failed, late
        self.settings.CANCELLATION_TIERS = tuple((days * 24, percent, fee) for days, percent, fee in terms)
        self.model = Studio(failed_policy=failed, late_policy=late)
        self.model.terms = terms
        self.model.members = [Member(name) for name in NAMES]
        self.tally.plays += 1
        # A play without some of the acts goes deeper into the others.
        self.data = data
        self.left_out = data.draw(sets(sampled_from(sorted(self.acts())), max_size=MOST_LEFT_OUT), label="left out")
        for _ in range(SESSIONS_AT_FIRST):
            self.open_a_session()

    def teardown(self) -> None:
        """Deliver all, run the commands until calm: then program, model and Stripe agree to the penny."""
        if self.sound and self.model.members:
            self.be_calm()
            self.agree_to_the_penny()
            self.lists_agree()
        self.tally.reached += self.model.reached

    def be_calm(self) -> None:
        self.model.stripe.armed.clear()
        self.world.sandbox.clear_faults()
        for intent in self.with_status("processing"):
            self.settle(intent, ok=True)
        for booking in self.fresh_holds():
            self.run_out(booking)
        # What was lost stays so for a night: the commands must find the truth of every hold without it.
        self.nights(tomorrow=False)
        assert not [booking for booking in self.model.bookings if booking.status == "pending"]
        # Of money that moved after the end of a payment only an event tells, so Stripe brings those after all.
        self.pending, self.lost = [*self.lost, *self.pending], []
        self.nights(tomorrow=True)

    def nights(self, *, tomorrow: bool) -> None:
        """Tell everything there is to tell and run every command, until there is nothing more to do."""
        for _ in range(MOST_NIGHTS):
            self.the_laws_hold_and_all_agree()
            before = len(self.events)
            self.deliver_all()
            self.expire_pending_bookings()
            if tomorrow:
                self.let_debts_come_due()
            self.submit_refunds()
            self.deliver_messages()
            self.the_laws_hold_and_all_agree()
            if len(self.events) == before and not self.pending:
                return
        raise AssertionError("never calm")

    def deliver_all(self) -> None:
        """In their order; what the program does not know as its own yet may become so by a later one."""
        ignored: list[Event] = []
        while self.pending:
            event = self.pending[0]
            self.hand_over(event)
            if event in self.pending:
                self.pending.remove(event)
                ignored.append(event)
            elif ignored:
                self.pending, ignored = [*ignored, *self.pending], []
        self.lost += ignored

    def let_debts_come_due(self) -> None:
        """A day passes for the debts that wait for tomorrow."""
        if any(debt.tomorrow for debt in self.model.debts):
            Refund.objects.filter(due_at__gt=timezone.now()).update(due_at=timezone.now() - timedelta(seconds=1))
            for debt in self.model.debts:
                debt.tomorrow = False

    def agree_to_the_penny(self) -> None:
        """Every penny at Stripe has one place here, and every seat was paid for."""
        for intent in self.model.stripe.intents:
            booking = self.model.booking_of(intent)
            assert (intent.status == "succeeded") == (booking.payment is not None and booking.payment.received > 0)
            if intent.status == "succeeded":
                self._settled(booking, left=intent.left)
        for message in Message.objects.select_related("member"):
            assert message.status == ("sent" if message.member.whatsapp_opt_in else "skipped"), message.reason
        mine = Message.objects.filter(status="sent").count()
        assert len(self.world.sandbox.messages()) == mine

    def _settled(self, booking: Booking, *, left: int) -> None:
        payment = booking.payment
        assert payment is not None
        returned = sum(debt.amount for debt in payment.debts if debt.status == "succeeded")
        assert payment.received - returned == left
        earned = {"paid": payment.received, "cancelled": payment.received - booking.returned_amount}
        kept = earned.get(booking.status, 0)
        if left > kept:
            given_up = any(debt.status == "failed" for debt in payment.debts)
            owed = sum(debt.amount for debt in payment.debts if debt.status == "due")
            assert owed >= left - kept if payment.contested else given_up
