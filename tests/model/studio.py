"""The reference model of the studio: what each request to the API must answer, and what it must do.

Plain Python, one request at a time, no database and no network: `settling` and `returning` say what money does.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.model.ledger import HOLDING, Booking, Lot, Member, Payment, Session
from tests.model.settling import Settling
from tests.model.stripe_truth import Rejected, Silent

MOST_HOLDS = 3
STALE_AT_ONCE = 3


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Answer:
    """An HTTP status, the code of a refusal, the booking that is shown, whether its secret to pay with is."""

    status: int
    code: str = ""
    booking: Booking | None = None
    secret: bool = False


class Studio(Settling):
    """Sessions, members and bookings, as the API shows them."""

    def __init__(self, *, failed_policy: str, late_policy: str) -> None:
        super().__init__(failed_policy=failed_policy, late_policy=late_policy)
        self.sessions: list[Session] = []
        self.members: list[Member] = []
        self.lots: list[Lot] = []
        self.moves: list[tuple[Booking, int]] = []

    # The front desk -----------------------------------------------------------------------------------------------

    def change_capacity(self, session: Session, capacity: int) -> Answer:
        if capacity < session.taken:
            self.reached["capacity refused"] += 1
            return Answer(400, "invalid")
        session.capacity = capacity
        return Answer(200)

    def move(self, session: Session, day: int) -> None:
        """Whoever holds a seat is told of another time, once for each, unless it has begun."""
        before = session.revision
        session.move(day)
        if session.revision == before or session.begun:
            return
        for booking in session.bookings:
            if booking.status in HOLDING:
                self.moves.append((booking, session.revision))
                self.reached["told of another time"] += 1

    def grant(self, member: Member, credits: int, until: int | None, key: str | None, *, taken: bool) -> Answer:
        """`taken`: the key stands for another grant of the same hand."""
        if taken:
            return Answer(422, "idempotency_key_reused")
        if key is not None and key in member.grants:
            return Answer(200)
        lot = Lot(credits, until)
        member.lots.append(lot)
        self.lots.append(lot)
        if key is not None:
            member.grants[key] = (credits, until)
        return Answer(201)

    # Members ------------------------------------------------------------------------------------------------------

    def book(self, member: Member, session: Session, pay_with: str, key: str | None) -> Answer:
        """A new booking is 201, one that the member or the key has already is 200."""
        return self._answer(lambda: self._book(member, session, pay_with, key))

    def sync(self, booking: Booking) -> Answer:
        def ask() -> Answer:
            if booking.payment is not None:
                self.refresh(booking)
            return Answer(200, booking=booking)

        return self._answer(ask)

    def give_up(self, booking: Booking, why: str) -> Answer:
        def end() -> Answer:
            if booking.status != "pending":
                raise Refused(409, "not_cancellable")
            self.void(booking, why)
            if booking.status != "freed":
                raise Refused(409, "not_cancellable")
            return Answer(200, booking=booking)

        return self._answer(end)

    # Commands -----------------------------------------------------------------------------------------------------

    def expire_pending_bookings(self) -> Counter[str]:
        """What became of each stale hold, oldest first."""
        return Counter(self._expire(booking) for booking in self._stale())

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

    @staticmethod
    def _answer(act: Callable[[], Answer]) -> Answer:
        try:
            return act()
        except Refused as refused:
            return Answer(refused.status, refused.code)
        except Rejected:
            return Answer(502, "payment_rejected")
        except Silent:
            return Answer(503, "payments_unavailable")

    # Booking, step by step ----------------------------------------------------------------------------------------

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
            self._spend(lots, session.credits)
            booking.credits = session.credits
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
    def _spend(lots: list[Lot], price: int) -> None:
        """Earliest end first; what never ends comes last."""
        for lot in sorted(lots, key=lambda lot: (lot.until is None, lot.until or 0)):
            part = min(lot.left, price)
            lot.left, price = lot.left - part, price - part
