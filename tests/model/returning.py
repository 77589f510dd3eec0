"""The reference model of money that goes back: owed once, given back once, recorded whoever gave it.

What was returned is a fact; debts that were never asked for give way to it, so that the sum never passes what came in.
"""

from collections import Counter

from tests.model.ledger import Booking, Debt, Payment
from tests.model.stripe_truth import GivenBack, Intent, Rejected, Silent, StripeTruth

RANK = ("due", "submitted", "succeeded", "failed")
MOST_ATTEMPTS = 3


class Returning:
    """Bookings, their payments and debts, and who was told what. `reached` counts what was worth reaching."""

    def __init__(self) -> None:
        self.stripe = StripeTruth()
        self.bookings: list[Booking] = []
        self.debts: list[Debt] = []
        self.told: Counter[tuple[str, object]] = Counter()
        self.reached: Counter[str] = Counter()

    def booking_of(self, intent: Intent) -> Booking:
        return next(booking for booking in self.bookings if booking.payment is intent.payment)

    def owe(
        self, payment: Payment, amount: int, reason: str, *, attempt: int = 1, tomorrow: bool = False
    ) -> Debt | None:
        """A new row, unless there is nothing to owe."""
        if not amount:
            return None
        debt = Debt(payment, amount, reason, attempt=attempt, tomorrow=tomorrow)
        payment.debts.append(debt)
        self.debts.append(debt)
        return debt

    def record(self, fact: GivenBack, status: str) -> None:
        """Write down what Stripe says of money that went back; what is told late takes nothing back."""
        payment = self.booking_of(fact.intent).payment
        assert payment is not None
        debt = self._row_of(payment, fact)
        debt.at_stripe = fact
        if RANK.index(status) > RANK.index(debt.status):
            debt.status = status
            if status == "succeeded":
                self.told["refund_done", debt] += 1
            elif status == "failed":
                self._fail(debt)
        self._fit(payment)

    def submit_refunds(self) -> Counter[str]:
        """What became of each debt that is due; those of a contested charge wait."""
        due = [debt for debt in self.debts if debt.status == "due" and not (debt.tomorrow or debt.payment.contested)]
        return Counter(self._submit(debt) for debt in due)

    def _submit(self, debt: Debt) -> str:
        if debt.status != "due":
            return "elsewhere"
        intent = debt.payment.intent
        assert intent is not None
        debt.asked = True
        try:
            made = self.stripe.refund(debt, intent, debt.amount)
            self.record(made, made.status)
        except Silent:
            return "silent"
        except Rejected:
            for fact in reversed(intent.given_back):
                self.record(fact, fact.status)
            if debt.status == "due":
                debt.status = "failed"
                self._fail(debt)
        return debt.status

    def _row_of(self, payment: Payment, fact: GivenBack) -> Debt:
        """The row this refund belongs to: its own, else a debt never asked for that it covers, else a new one."""
        for debt in payment.debts:
            if debt.at_stripe is fact or debt is fact.debt:
                return debt
        for debt in payment.debts:
            if debt.status == "due" and not debt.asked and debt.amount <= fact.amount:
                debt.amount = fact.amount
                return debt
        new = self.owe(payment, fact.amount, "dashboard")
        assert new is not None
        return new

    def _fail(self, debt: Debt) -> None:
        """It did not reach the member: owed again, at once when only a part is left; after three attempts, staff."""
        again = None
        left = debt.payment.returnable
        late = any(one.reason == "late_payment" for one in debt.payment.debts)
        if (debt.reason != "dashboard" or late) and debt.attempt < MOST_ATTEMPTS:
            amount = min(debt.amount, left)
            again = self.owe(debt.payment, amount, debt.reason, attempt=debt.attempt + 1, tomorrow=left >= debt.amount)
        if again is None and debt.payment.returnable:
            self.told["refund_failed", debt] += 1

    def _fit(self, payment: Payment) -> None:
        """Debts never asked for give way to what went back."""
        if not payment.received:
            return
        left = max(payment.received - sum(d.amount for d in payment.debts if d.status in ("submitted", "succeeded")), 0)
        for debt in payment.debts:
            if debt.status != "due":
                continue
            if not debt.asked and left == 0:
                debt.status = "failed"
            elif not debt.asked:
                debt.amount = min(debt.amount, left)
            left = max(left - debt.amount, 0)
