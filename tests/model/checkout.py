"""The reference model of booking: the seat there is, a new one for credits or nothing, or a hold and its payment."""

from tests.model.answers import Answer, Refused
from tests.model.cancelling import Cancelling
from tests.model.ledger import Booking, Lot, Member, Payment, Session
from tests.model.stripe_truth import Silent

MOST_HOLDS = 3
STALE_AT_ONCE = 3


class Checkout(Cancelling):
    """Booking, step by step."""

    def _book(self, member: Member, session: Session, pay_with: str, key: str | None) -> Answer:
        own = self._own(member, session, pay_with, key)
        if own is not None:
            answer = self._resume(own, repeated=key is not None and own.key == key)
            if answer is not None:
                return answer
        if session.begun:
            raise Refused(409, "session_closed")
        if session.free_seats <= 0 and not self._free_a_stale_seat(session):
            self.reached["session full"] += 1
            raise Refused(409, "session_full")
        return self._book_anew(member, session, pay_with, key)

    def _own(self, member: Member, session: Session, pay_with: str, key: str | None) -> Booking | None:
        mine = [booking for booking in self.bookings if booking.member is member]
        of_key = next((booking for booking in mine if key is not None and booking.key == key), None)
        if of_key is not None and (of_key.session, of_key.pay_with) != (session, pay_with):
            self.reached["key reused"] += 1
            raise Refused(422, "idempotency_key_reused")
        return of_key or next((b for b in mine if b.session is session and b.status in ("pending", "paid")), None)

    def _resume(self, booking: Booking, *, repeated: bool) -> Answer | None:
        """The booking there is, as Stripe sees its payment; None when it turns out to be over: book anew."""
        if booking.status == "paid" and not repeated:
            raise Refused(409, "already_booked")
        payable = False
        if booking.status == "pending" and booking.expired:
            self.void(booking, "expired")
        elif booking.status == "pending":
            payable = self.refresh(booking)
        if booking.status == "freed" and not repeated:
            return None
        return Answer(200, booking=booking, secret=payable)

    def _free_a_stale_seat(self, session: Session) -> bool:
        stale = [booking for booking in self._stale() if booking.session is session]
        endable = [booking for booking in stale if booking.payment and booking.payment.status != "processing"]
        for booking in endable[:STALE_AT_ONCE]:
            end = self._expire(booking)
            if end == "freed":
                self.reached["stale seat freed for the next"] += 1
                return True
            if end == "silent":
                break
        return False

    def _book_anew(self, member: Member, session: Session, pay_with: str, key: str | None) -> Answer:
        booking = Booking(member, session, pay_with, key)
        if session.amount == 0:
            return self._seat(booking, paid_with="free")
        lots = [lot for lot in member.lots if lot.pays_for(session)]
        if pay_with != "card" and session.credits and sum(lot.left for lot in lots) >= session.credits:
            self._spend(booking, lots, session.credits)
            return self._seat(booking, paid_with="credits")
        if pay_with == "credits":
            self.reached["insufficient credits"] += 1
            raise Refused(409, "insufficient_credits")
        if sum(one.member is member and one.status == "pending" for one in self.bookings) >= MOST_HOLDS:
            raise Refused(409, "too_many_holds")
        booking.amount, booking.payment = session.amount, Payment(session.amount)
        self._add(booking)
        return Answer(201, booking=booking, secret=self.open(booking))

    def _seat(self, booking: Booking, paid_with: str) -> Answer:
        booking.status, booking.paid_with = "paid", paid_with
        self.told["booking_paid", booking] += 1
        self._add(booking)
        return Answer(201, booking=booking)

    def _add(self, booking: Booking) -> None:
        self.bookings.append(booking)
        booking.session.bookings.append(booking)

    @staticmethod
    def _spend(booking: Booking, lots: list[Lot], price: int) -> None:
        """Earliest end first; what never ends comes last."""
        booking.credits = price
        for lot in sorted(lots, key=lambda lot: (lot.until is None, lot.until or 0)):
            part = min(lot.left, price)
            lot.left, price = lot.left - part, price - part
            booking.drawn.append((lot, part))

    # Stale holds -------------------------------------------------------------------------------------------------

    def _stale(self) -> list[Booking]:
        stale = [b for b in self.bookings if b.status == "pending" and b.payment]
        stale = [b for b in stale if b.expired or (b.payment and b.payment.status == "voiding")]
        return sorted(stale, key=lambda booking: (not booking.cut_short, not booking.expired))

    def _expire(self, booking: Booking) -> str:
        assert booking.payment is not None
        try:
            self.void(booking, "expired")
        except Silent:
            return "silent"
        return {"void": "freed", "paid": "paid"}.get(booking.payment.status, "kept")
