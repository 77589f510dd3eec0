"""What members do: book, ask how it stands."""

from typing import Any

from tests.cast import code
from tests.model.answers import Answer
from tests.model.ledger import HOLDING, Booking, Member, Session
from tests.model.play import BOOKINGS, Play, act


class Guests(Play):
    """Every request of a member, or of Carla for one; a member who is out is refused everything."""

    @act(often=8, when=lambda play: play.model.sessions)
    def book(self) -> None:
        self._book(self.choose("pay with", ("card", "card", "auto", "credits")), None)

    @act(often=12, when=lambda play: play.stale_and_full())
    def ask_for_a_seat_that_is_held_too_long(self) -> None:
        session = self.choose("session", self.stale_and_full())
        self._ask_to_book(self.choose("member", self.model.members), session, "card", None)

    @act(often=4, when=lambda play: play.model.sessions)
    def book_with_a_key(self) -> None:
        self._book(self.choose("pay with", ("card", "auto")), self.choose("key", ("key 1", "key 2")))

    @act(often=12, when=lambda play: play.affordable())
    def book_for_credits(self) -> None:
        member, session = self.choose("member and session", self.affordable())
        self._ask_to_book(member, session, self.choose("pay with", ("auto", "credits")), None)

    @act(when=lambda play: any(booking.key for booking in play.model.bookings))
    def repeat_a_request(self) -> None:
        booking = self.choose("booking", [booking for booking in self.model.bookings if booking.key])
        self._ask_to_book(booking.member, booking.session, booking.pay_with, booking.key)
        self.model.reached["request repeated"] += 1

    @act(often=3, when=lambda play: play.model.bookings)
    def ask_how_it_stands(self) -> None:
        booking = self.choose("booking", self.model.bookings)
        self._ask(booking, "sync/", self.choose("by Carla", (True, False)), lambda: self.model.sync(booking))

    @act(often=1)
    def look(self) -> None:
        """Bookings and balances, as the API lists them."""
        self.lists_agree()

    def stale_and_full(self) -> list[Session]:
        full = [session for session in self.model.sessions if session.free_seats <= 0]
        return [session for session in full if any(one.expired and one.status == "pending" for one in session.bookings)]

    def affordable(self) -> list[tuple[Member, Session]]:
        """Who could pay with credits for a seat that can be had."""
        return [
            (member, session)
            for session in self.model.sessions
            if session.credits and session.amount and session.free_seats > 0 and not session.begun
            for member in self.model.members
            if member.active and sum(lot.left for lot in member.lots if lot.pays_for(session)) >= session.credits
        ]

    def _book(self, pay_with: str, key: str | None) -> None:
        # Mostly a seat that can be had, by somebody who has none there.
        inviting = [one for one in self.model.sessions if one.free_seats > 0 and not one.begun and one.amount]
        session = self.choose("session", [*inviting * 4, *self.model.sessions])
        holders = [one.member for one in session.bookings if one.status in HOLDING]
        welcome = [one for one in self.model.members if one.active and one not in holders]
        member = self.choose("member", [*welcome * 3, *self.model.members])
        self._ask_to_book(member, session, pay_with, key)

    def _ask_to_book(self, member: Any, session: Any, pay_with: str, key: str | None) -> None:
        headers = {"Idempotency_Key": key} if key else {}
        with self.world.act():
            answer = self.caller_of(member).post(f"{self.path_of(session)}book/", {"pay_with": pay_with}, **headers)
        if member.active:
            self.agree(self.model.book(member, session, pay_with, key), answer)
        else:
            self._refused(answer)

    def _ask(self, booking: Booking, act: str, by_carla: bool, expected: Any, **body: Any) -> None:
        caller = self.world.carla if by_carla else self.caller_of(booking.member)
        with self.world.act():
            answer = caller.post(f"{BOOKINGS}{self.reference_of(booking)}/{act}", body)
        if by_carla or booking.member.active:
            said: Answer = expected()
            self.agree(said, answer)
        else:
            self._refused(answer)

    def _refused(self, answer: Any) -> None:
        assert (answer.status_code, code(answer)) == (401, "not_authenticated"), answer.content
        self.model.reached["member out"] += 1
