"""What Carla does at the front desk, also while holds and payments are in flight."""

from datetime import timedelta
from typing import Any

from hypothesis.stateful import precondition
from hypothesis.strategies import booleans, data, integers, none, sampled_from

from members.models import Member
from tests.model.ledger import Session
from tests.model.play import SESSIONS, Play, step

GRANTS = "/api/payments/credits/grants/"
MOST_SESSIONS = 3
DAYS = (2, 4)
LOT_UNTIL = 3


class Desk(Play):
    """Sessions, credits and who may come in."""

    @precondition(lambda self: len(self.model.sessions) < MOST_SESSIONS)
    @step(
        capacity=integers(1, 2), amount=sampled_from([0, 1000, 1500]), credits=integers(0, 2), day=sampled_from(DAYS)
    )
    def open_a_session(self, capacity: int, amount: int, credits: int, day: int) -> None:
        body = {"title": "Yoga", "instructor": "Isla", "location": "Studio 1", "currency": "gbp"}
        body |= {"capacity": capacity, "amount": amount, "credits_required": credits, **self._times(day)}
        with self.world.act():
            assert self.world.carla.post(SESSIONS, body).status_code == 201
        self.model.sessions.append(Session(capacity, amount, credits, day))

    @precondition(lambda self: self.model.sessions)
    @step(data=data(), amount=sampled_from([0, 1000, 2000]), credits=integers(0, 2))
    def change_the_price(self, data: Any, amount: int, credits: int) -> None:
        session = data.draw(sampled_from(self.model.sessions))
        session.amount, session.credits = amount, credits
        self._patch(session, amount=amount, credits_required=credits)

    @precondition(lambda self: self.model.sessions)
    @step(data=data(), capacity=integers(0, 3))
    def change_the_capacity(self, data: Any, capacity: int) -> None:
        session = data.draw(sampled_from(self.model.sessions))
        answer = self.model.change_capacity(session, capacity)
        with self.world.act():
            self.agree(answer, self.world.carla.patch(self.path_of(session), {"capacity": capacity}))

    @precondition(lambda self: self.model.sessions)
    @step(data=data(), day=sampled_from([0, *DAYS, *DAYS]))
    def change_the_time(self, data: Any, day: int) -> None:
        session = data.draw(sampled_from(self.model.sessions))
        session.day = day
        self._patch(session, **self._times(day))

    @step(
        data=data(),
        credits=integers(1, 2),
        until=sampled_from([None, LOT_UNTIL]),
        key=none() | sampled_from(["grant 1", "grant 2"]),
    )
    def grant_credits(self, data: Any, credits: int, until: int | None, key: str | None) -> None:
        member = data.draw(sampled_from(self.model.members))
        others = [one.grants[key] for one in self.model.members if key in one.grants and one is not member]
        taken = bool(others) or (key in member.grants and member.grants[key] != (credits, until))
        answer = self.model.grant(member, credits, until, key, taken=taken)
        moment = self.world.day(until).isoformat() if until else None
        body = {"member": self._pk(member), "credits": credits, "note": "model", "expires_at": moment}
        headers = {"Idempotency_Key": key} if key else {}
        with self.world.act():
            self.agree(answer, self.world.carla.post(GRANTS, body, **headers))

    @step(data=data(), back=booleans())
    def deactivate_a_member(self, data: Any, back: bool) -> None:
        """Their holds and payments go on; those who are out may come back."""
        member = data.draw(sampled_from(self.model.members))
        member.active = not member.active or back
        Member.objects.filter(pk=self._pk(member)).update(is_active=member.active)

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
