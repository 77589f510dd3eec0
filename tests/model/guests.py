"""What members do: book, ask how it stands, give up."""

from typing import Any

from hypothesis.stateful import precondition
from hypothesis.strategies import booleans, data, none, sampled_from

from tests.cast import code
from tests.model.ledger import Booking
from tests.model.play import BOOKINGS, Play, step
from tests.model.studio import Answer


class Guests(Play):
    """Every request of a member, or of Carla for one; a member who is out is refused everything."""

    @precondition(lambda self: self.model.sessions)
    @step(data=data(), pay_with=sampled_from(["auto", "card", "card", "credits"]))
    def book(self, data: Any, pay_with: str) -> None:
        self._book(data, pay_with, None)

    @precondition(lambda self: self.model.sessions)
    @step(data=data(), pay_with=sampled_from(["auto", "card"]), key=sampled_from(["key 1", "key 2"]))
    def book_with_a_key(self, data: Any, pay_with: str, key: str) -> None:
        self._book(data, pay_with, key)

    @precondition(lambda self: any(booking.key for booking in self.model.bookings))
    @step(data=data())
    def repeat_a_request(self, data: Any) -> None:
        booking = data.draw(sampled_from([booking for booking in self.model.bookings if booking.key]))
        self._ask_to_book(booking.member, booking.session, booking.pay_with, booking.key)
        self.model.reached["request repeated"] += 1

    @precondition(lambda self: self.model.bookings)
    @step(data=data(), by_carla=booleans())
    def ask_how_it_stands(self, data: Any, by_carla: bool) -> None:
        booking = data.draw(sampled_from(self.model.bookings))
        self._ask(booking, "sync/", by_carla, lambda: self.model.sync(booking))

    @precondition(lambda self: any(booking.status == "pending" for booking in self.model.bookings))
    @step(data=data(), by_carla=booleans(), any_booking=none() | booleans())
    def give_up(self, data: Any, by_carla: bool, any_booking: bool | None) -> None:
        choice = [b for b in self.model.bookings if b.status == "pending" or any_booking]
        booking = data.draw(sampled_from(choice))
        why = "staff" if by_carla else "member"
        self._ask(booking, "cancel/", by_carla, lambda: self.model.give_up(booking, why))

    def _book(self, data: Any, pay_with: str, key: str | None) -> None:
        member = data.draw(sampled_from(self.model.members))
        session = data.draw(sampled_from(self.model.sessions))
        self._ask_to_book(member, session, pay_with, key)

    def _ask_to_book(self, member: Any, session: Any, pay_with: str, key: str | None) -> None:
        headers = {"Idempotency_Key": key} if key else {}
        with self.world.act():
            answer = self.caller_of(member).post(f"{self.path_of(session)}book/", {"pay_with": pay_with}, **headers)
        if member.active:
            self.agree(self.model.book(member, session, pay_with, key), answer)
        else:
            self._refused(answer)

    def _ask(self, booking: Booking, act: str, by_carla: bool, expected: Any) -> None:
        caller = self.world.carla if by_carla else self.caller_of(booking.member)
        with self.world.act():
            answer = caller.post(f"{BOOKINGS}{self.reference_of(booking)}/{act}")
        if by_carla or booking.member.active:
            said: Answer = expected()
            self.agree(said, answer)
        else:
            self._refused(answer)

    def _refused(self, answer: Any) -> None:
        assert (answer.status_code, code(answer)) == (401, "not_authenticated"), answer.content
        self.model.reached["member out"] += 1
