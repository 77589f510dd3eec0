"""What members do who will not come: ask what returns, give a hold up, cancel what is paid."""

from typing import Any

from tests.model.answers import Answer, Refused
from tests.model.cancelling import Quote
from tests.model.desk import DAYS, Desk
from tests.model.guests import Guests
from tests.model.ledger import HOLDING, Booking
from tests.model.play import BOOKINGS, act

QUOTE_MINUTES = 10


class Leaving(Desk, Guests):
    """A quote is kept as a member would keep it: whatever happens to the booking, it can be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.quotes: list[tuple[Quote, str]] = []

    @act(often=3, when=lambda play: any(booking.status == "pending" for booking in play.model.bookings))
    def give_up(self) -> None:
        holds = [booking for booking in self.model.bookings if booking.status == "pending"]
        over = [one for one in self.model.bookings if one.status in ("freed", "cancelled") or one.session.begun]
        self._cancel(self.choose("booking", [*holds, *holds, *over]))

    @act(often=5, when=lambda play: play.cancellable())
    def cancel_what_is_paid(self) -> None:
        paid = self.cancellable()
        by_credits = [booking for booking in paid if booking.credits]
        in_part = [booking for booking in paid if not booking.session.begun and self._returns_a_part(booking)]
        self._cancel(self.choose("booking", [*in_part * 4, *by_credits * 2, *paid]))

    @act(often=5, when=lambda play: play.holding())
    def ask_what_cancelling_returns(self) -> None:
        booking = self.choose("booking", [*self.cancellable() * 5, *self.model.bookings])
        by_carla, over = (
            self.choose("by Carla", (True, False)),
            self.choose("too old when used", (False, False, False, True)),
        )
        # So that a quote need not grow old to be too old.
        self.settings.CANCELLATION_QUOTE_MINUTES = 0 if over else QUOTE_MINUTES
        caller = self.world.carla if by_carla else self.caller_of(booking.member)
        answer = caller.get(f"{BOOKINGS}{self.reference_of(booking)}/cancellation/")
        if not (by_carla or booking.member.active):
            self._refused(answer)
            return
        try:
            quote = self.model.quote(booking, over=over)
        except Refused as refused:
            self.agree(Answer(refused.status, refused.code), answer)
            return
        self.agree(Answer(200), answer)
        said = answer.json()
        assert (said["returns"], said["amount"], said["credits"]) == (quote.returns, quote.amount, quote.credits)
        self.quotes.append((quote, said["quote"]))

    @act(often=8, when=lambda play: play.promised())
    def move_a_session_that_was_quoted(self) -> None:
        """The terms change; the promise stays."""
        session = self.choose("quote", self.promised())[0].booking.session
        self._move(session, 1 if session.day > 1 else self.choose("day", DAYS))

    @act(often=8, when=lambda play: play.quoted())
    def cancel_as_quoted(self) -> None:
        other = [one for one in self.promised() if self._differs(one[0])]
        quote, token = self.choose("quote", [*other * 5, *self.quoted()])
        booking = self.choose("booking", [*[quote.booking] * 9, *self.holding()])
        self._cancel(booking, quote, token)

    def holding(self) -> list[Booking]:
        """Whose seats may be given up; not where a refund of the dashboard bounced, which is left to staff."""
        return [one for one in self.model.bookings if one.status in HOLDING and not self._bounced(one)]

    def cancellable(self) -> list[Booking]:
        return [one for one in self.holding() if one.status == "paid"]

    def quoted(self) -> list[tuple[Quote, str]]:
        return [(quote, token) for quote, token in self.quotes if quote.booking in self.holding()]

    def promised(self) -> list[tuple[Quote, str]]:
        """Quotes that would still be kept."""
        quoted = [(quote, token) for quote, token in self.quoted() if quote.booking.status == quote.status == "paid"]
        return [(quote, token) for quote, token in quoted if not (quote.over or quote.booking.session.begun)]

    def _cancel(self, booking: Booking, quote: Quote | None = None, token: str | None = None) -> None:
        by_carla = self.choose("by Carla", (True, False))
        why = "staff" if by_carla else "member"
        sent: dict[str, Any] = {"quote": token} if token else {}
        self._ask(booking, "cancel/", by_carla, lambda: self.model.cancel(booking, why, quote), **sent)

    def _returns_a_part(self, booking: Booking) -> bool:
        quote = self.model.quote(booking)
        return 0 < quote.amount + quote.credits < booking.amount + booking.credits

    def _differs(self, quote: Quote) -> bool:
        by_the_terms = self.model.quote(quote.booking)
        return (quote.amount, quote.credits) != (by_the_terms.amount, by_the_terms.credits)

    @staticmethod
    def _bounced(booking: Booking) -> bool:
        intent = booking.payment.intent if booking.payment else None
        return any(not made.debt and made.status == "failed" for made in intent.given_back) if intent else False
