"""The reference model of money: what the program makes of what it hears from Stripe.

Two facts are final at Stripe, `succeeded` and `canceled`; everything else is a hint. A seat is given back only after
the cancel call has answered, and money without a booking is owed back.
"""

from contextlib import suppress

from tests.model.ledger import HOLDING, Booking, Payment
from tests.model.returning import Returning
from tests.model.stripe_truth import PAYABLE, Event, GivenBack, Intent, Lost, Rejected, Silent


class Settling(Returning):
    """Payments and what their ends do to bookings, by the two policies."""

    def __init__(self, *, failed_policy: str, late_policy: str) -> None:
        super().__init__()
        self.failed_policy, self.late_policy = failed_policy, late_policy
        self.heard: set[str] = set()

    # Webhooks -----------------------------------------------------------------------------------------------------

    def hear(self, event: Event, event_id: str) -> str:
        """The answer to one signed event; each id counts once."""
        booking = self.booking_of(event.intent)
        assert booking.payment is not None
        about_intent = event.about is None
        if not about_intent and booking.payment.intent is None:
            return "ignored"
        if event_id in self.heard:
            return "repeated"
        self.heard.add(event_id)
        if isinstance(event.about, GivenBack):
            self.record(event.about, event.status)
        elif event.about is not None:
            if booking.payment.disputes.get(event.about, "needs_response") == "needs_response":
                booking.payment.disputes[event.about] = event.status
        else:
            self.learn(booking, event.intent, event.status, declined=event.declined)
            if booking.payment.status == "voiding":
                with suppress(Silent):  # in the background, after the answer
                    self.void(booking, booking.payment.why)
        return "applied"

    # What Stripe says of an intent --------------------------------------------------------------------------------

    def learn(self, booking: Booking, intent: Intent, status: str, *, declined: bool) -> None:
        """Move the payment to what is said of its intent, and the booking with it."""
        payment = booking.payment
        assert payment is not None
        if payment.status == "paid" or (payment.status == "void" and status != "succeeded"):
            return
        payment.intent = intent
        if status == "succeeded":
            payment.status, payment.received = "paid", payment.amount
            self._paid(booking)
        elif status == "canceled":
            payment.status = "void"
            self.free(booking, payment.why or "payment_canceled")
        elif status == "processing":
            payment.status, payment.why = "processing", ""
        elif payment.status != "voiding":
            voids = declined and self.failed_policy == "void"
            payment.status, payment.why = ("voiding", "payment_failed") if voids else ("open", payment.why)

    def open(self, booking: Booking) -> bool:
        """Ask for the intent; True when it can be paid now. Rejected: the hold is over."""
        payment = booking.payment
        assert payment is not None
        try:
            intent = self._made(payment)
        except Rejected:
            self._never_was(booking, "payment_rejected")
            raise
        payment.intent, payment.status = intent, "open"
        return self._look(booking, intent)

    def refresh(self, booking: Booking) -> bool:
        """Ask how the payment stands; True when it can be paid now."""
        payment = booking.payment
        assert payment is not None
        if payment.status == "creating":
            return self.open(booking)
        if payment.status == "voiding":
            self.void(booking, payment.why)
            return False
        if payment.intent is None:
            return False
        self.stripe.retrieve(payment.intent)
        payable = self._look(booking, payment.intent)
        if payment.status == "voiding":
            self.void(booking, payment.why)
        return payable

    def void(self, booking: Booking, why: str) -> None:
        """Cancel the intent; what it then is decides. Without an answer it stays begun."""
        payment = booking.payment
        assert payment is not None
        if payment.status in ("paid", "void"):
            return
        payment.status, payment.why = "voiding", payment.why or why
        intent = payment.intent or self._find(payment)
        if intent is None:
            self._never_was(booking, payment.why)
            return
        self.stripe.cancel(intent)
        if booking.expired and intent.status == "processing":
            self.reached["expired while processing"] += 1
        self.learn(booking, intent, intent.status, declined=intent.declined)

    def _look(self, booking: Booking, intent: Intent) -> bool:
        payment = booking.payment
        assert payment is not None
        self.learn(booking, intent, intent.status, declined=intent.declined)
        return payment.status == "open" and intent.status in PAYABLE

    def _made(self, payment: Payment) -> Intent:
        intent, repeated = self.stripe.create(payment, payment.amount)
        if repeated:
            self.stripe.retrieve(intent)
        return intent

    def _find(self, payment: Payment) -> Intent | None:
        """The intent of a call whose end nobody heard: its key tells, or the list; None when Stripe made none."""
        try:
            return self._made(payment)
        except Lost:
            return self.stripe.intent_of(payment)
        except Rejected:
            return None

    def _never_was(self, booking: Booking, why: str) -> None:
        payment = booking.payment
        assert payment is not None
        payment.status, payment.why = "void", payment.why or why
        self.free(booking, payment.why)

    # What that does to the booking --------------------------------------------------------------------------------

    def free(self, booking: Booking, why: str) -> None:
        if booking.status != "pending":
            return
        booking.status, booking.ended = "freed", why
        if why == "payment_rejected":
            booking.key = None  # the member was told that nothing is held
        kind = {"payment_failed": "payment_failed", "expired": "hold_expired"}.get(why)
        if kind:
            self.told[kind, booking] += 1

    def _paid(self, booking: Booking) -> None:
        session, payment = booking.session, booking.payment
        assert payment is not None
        twin = any(one.member is booking.member and one.status in HOLDING for one in session.bookings)
        late = booking.status == "freed"
        if session.begun or (late and (self.late_policy == "refund" or twin or session.free_seats <= 0)):
            self.free(booking, "expired")
            self.owe(payment, payment.returnable, "late_payment")
            self.reached["late payment refunded"] += 1
            return
        booking.status, booking.paid_with, booking.ended = "paid", "card", ""
        self.told["booking_paid", booking] += 1
        self.reached["late payment reseated" if late else "paid by card"] += 1
