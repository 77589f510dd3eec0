"""The reference model of the studio: what each request to the API must answer, and what it must do.

Plain Python, one request at a time, no database and no network: `settling` and `returning` say what money does.
"""

from collections import Counter

from tests.model.answers import Answer, answered
from tests.model.checkout import Checkout
from tests.model.ledger import HOLDING, Booking, Lot, Member, Session


class Studio(Checkout):
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
        """Whoever holds a seat is told of another time, once for each, and may go in full, unless it has begun."""
        before = session.revision
        session.move(day)
        if session.revision == before or session.begun:
            return
        for booking in session.bookings:
            booking.moved = True
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
        return answered(lambda: self._book(member, session, pay_with, key))

    def sync(self, booking: Booking) -> Answer:
        def ask() -> Answer:
            if booking.payment is not None:
                self.refresh(booking)
            return Answer(200, booking=booking)

        return answered(ask)

    # Commands -----------------------------------------------------------------------------------------------------

    def expire_pending_bookings(self) -> Counter[str]:
        """What became of each stale hold, oldest first."""
        return Counter(self._expire(booking) for booking in self._stale())
