"""The reference model of bookings given up: a hold ends, what was paid returns by the terms or as a quote promised."""

from dataclasses import dataclass

from tests.model.answers import Answer, Refused, answered
from tests.model.ledger import HOLDING, Booking
from tests.model.settling import Settling

# Tiers: more than so many days before the start, so many percent return, less a fee on money.
Terms = tuple[tuple[int, int, int], ...]
WINDOW: Terms = ((1, 100, 0),)
TIERS: Terms = ((3, 100, 0), (1, 50, 100))


@dataclass(frozen=True, eq=False)
class Quote:
    """What one booking returns, promised while its status stays; `over` when its time is."""

    booking: Booking
    status: str
    amount: int = 0
    credits: int = 0
    over: bool = False

    @property
    def returns(self) -> str:
        return "card" if self.amount else "credits" if self.credits else "nothing"


class Cancelling(Settling):
    """What cancelling returns, promised and done."""

    terms = WINDOW

    def quote(self, booking: Booking, *, over: bool = False) -> Quote:
        """Refused when there is nothing to cancel."""
        if booking.status == "pending":
            return Quote(booking, booking.status, over=over)
        if booking.status != "paid" or booking.session.begun:
            raise Refused(409, "not_cancellable")
        percent, fee = next(((percent, fee) for days, percent, fee in self.terms if booking.session.day > days), (0, 0))
        if booking.moved:
            percent, fee = 100, 0
        amount = max(booking.amount * percent // 100 - fee, 0)
        left = booking.payment.returnable if booking.payment else 0
        return Quote(booking, booking.status, min(amount, left), booking.credits * percent // 100, over)

    def cancel(self, booking: Booking, why: str, quote: Quote | None = None) -> Answer:
        def end() -> Answer:
            if booking.status not in HOLDING or (booking.status == "paid" and booking.session.begun):
                raise Refused(409, "not_cancellable")
            if quote is not None and (quote.over or (quote.booking, quote.status) != (booking, booking.status)):
                self.reached["quote refused"] += 1
                raise Refused(400, "invalid")
            if booking.status == "paid":
                self._cancel(booking, quote, why)
            else:
                self._give_up(booking, why)
            return Answer(200, booking=booking)

        return answered(end)

    def _give_up(self, booking: Booking, why: str) -> None:
        self.void(booking, why)
        if booking.status != "freed":
            raise Refused(409, "not_cancellable")

    def _cancel(self, booking: Booking, promised: Quote | None, why: str) -> None:
        by_the_terms = self.quote(booking)
        returned = by_the_terms if booking.moved else promised or by_the_terms
        if promised and (promised.amount, promised.credits) != (returned.amount, returned.credits):
            self.reached["quote outdone by a move"] += 1
        left = booking.payment.returnable if booking.payment else 0
        booking.status, booking.ended = "cancelled", why
        booking.returned_amount, booking.returned_credits = min(returned.amount, left), returned.credits
        self._give_credits_back(booking)
        self.told["booking_cancelled", booking] += 1
        self._count(booking, returned, by_the_terms)
        if booking.payment is None:
            return
        debt = self.owe(booking.payment, booking.returned_amount, "cancelled")
        if debt is not None and not booking.payment.contested:
            # In the background, after the answer: silence is left to the command.
            self.reached[f"returned at once: {self._submit(debt)}"] += 1

    @staticmethod
    def _give_credits_back(booking: Booking) -> None:
        """To the lots they came from, the longest-living first: the other way round than they were spent."""
        owed = booking.returned_credits
        for lot, credits in reversed(booking.drawn):
            part = min(credits, owed)
            lot.left, owed = lot.left + part, owed - part

    def _count(self, booking: Booking, returned: Quote, by_the_terms: Quote) -> None:
        paid = booking.amount + booking.credits
        back = booking.returned_amount + booking.returned_credits
        if paid:
            part = "all" if back == paid else "a part" if back else "nothing"
            self.reached[f"{booking.paid_with}: {part} returned"] += 1
        if (returned.amount, returned.credits) != (by_the_terms.amount, by_the_terms.credits):
            self.reached["quote kept"] += 1
        if booking.moved and paid:
            self.reached["moved: all returned"] += 1
