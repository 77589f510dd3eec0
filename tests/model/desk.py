"""What Carla does at the front desk, also while holds and payments are in flight."""

from datetime import timedelta
from typing import Any

from members.models import Member
from tests.model.ledger import Session
from tests.model.play import SESSIONS, Play, act

GRANTS = "/api/payments/credits/grants/"
MOST_SESSIONS = 3
DAYS = (4, 2, 2, 1)
LOT_UNTIL = 3


class Desk(Play):
    """Sessions, credits and who may come in."""

    @act(when=lambda play: len(play.model.sessions) < MOST_SESSIONS)
    def open_a_session(self) -> None:
        capacity, amount = self.choose("capacity", (1, 2)), self.choose("amount", (1000, 1500, 1500, 0))
        credits, day = self.choose("credits", (2, 1, 0, 2)), self.choose("day", DAYS)
        body = {"title": "Yoga", "instructor": "Isla", "location": "Studio 1", "currency": "gbp"}
        body |= {"capacity": capacity, "amount": amount, "credits_required": credits, **self._times(day)}
        with self.world.act():
            assert self.world.carla.post(SESSIONS, body).status_code == 201
        self.model.sessions.append(Session(capacity, amount, credits, day))

    @act(when=lambda play: play.model.sessions)
    def change_the_price(self) -> None:
        session = self.choose("session", self.model.sessions)
        session.amount, session.credits = (
            self.choose("amount", (2000, 1000, 1500, 0)),
            self.choose("credits", (0, 1, 2)),
        )
        self._patch(session, amount=session.amount, credits_required=session.credits)

    @act(when=lambda play: play.model.sessions)
    def change_the_capacity(self) -> None:
        session, capacity = self.choose("session", self.model.sessions), self.choose("capacity", (2, 1, 0, 3))
        answer = self.model.change_capacity(session, capacity)
        with self.world.act():
            self.agree(answer, self.world.carla.patch(self.path_of(session), {"capacity": capacity}))

    @act(when=lambda play: play.waited_for())
    def begin_a_session_that_is_waited_for(self) -> None:
        session = self.choose("session", self.waited_for())
        self._move(session, 0)

    @act(when=lambda play: play.model.sessions)
    def change_the_time(self) -> None:
        """Also into the past: then it has begun."""
        session = self.choose("session", self.model.sessions)
        self._move(session, self.choose("day", (*DAYS, *DAYS, 0)))

    @act()
    def grant_credits(self) -> None:
        member, credits = self.choose("member", self.model.members), self.choose("credits", (1, 2, 3))
        until, key = self.choose("until", (None, LOT_UNTIL)), self.choose("key", (None, None, "grant 1", "grant 2"))
        others = [one.grants[key] for one in self.model.members if key in one.grants and one is not member]
        taken = bool(others) or (key in member.grants and member.grants[key] != (credits, until))
        answer = self.model.grant(member, credits, until, key, taken=taken)
        moment = self.world.day(until).isoformat() if until else None
        body = {"member": self._pk(member), "credits": credits, "note": "model", "expires_at": moment}
        headers = {"Idempotency_Key": key} if key else {}
        with self.world.act():
            self.agree(answer, self.world.carla.post(GRANTS, body, **headers))

    @act(often=1)
    def deactivate_a_member(self) -> None:
        """Their holds and payments go on; those who are out come back."""
        member = self.choose("member", self.model.members)
        member.active = not member.active
        Member.objects.filter(pk=self._pk(member)).update(is_active=member.active)

    def waited_for(self) -> list[Session]:
        """Sessions that somebody holds an unpaid seat of."""
        pending = [booking.session for booking in self.model.bookings if booking.status == "pending"]
        return [session for session in self.model.sessions if session in pending and not session.begun]

    def _move(self, session: Session, day: int) -> None:
        self.model.move(session, day)
        self._patch(session, **self._times(day))

    def _patch(self, session: Session, **changes: Any) -> None:
        with self.world.act():
            answer = self.world.carla.patch(self.path_of(session), changes)
        assert answer.status_code == 200, answer.content
        assert answer.json()["seats_available"] == session.free_seats

    def _pk(self, member: Any) -> int:
        return int(self.world.members[self.model.members.index(member)].pk)

    def _times(self, day: int) -> dict[str, str]:
        starts_at = self.world.day(day)
        return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}
