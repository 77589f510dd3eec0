"""The only code that touches `seats_taken`: one conditional update, so that the database is the last judge.

In a booking's transaction it is the last statement: the hot row is then locked for the shortest time.
"""

from datetime import datetime

from django.db.models import Case, F, QuerySet, Value, When

from booking import policy
from booking.exceptions import SessionClosed, SessionFull
from booking.models import ClassSession

EXTRA = ("capacity", "seats_taken", "extra_seats")


def take(session: ClassSession, *, now: datetime, seats: int = 1) -> None:
    """Take a seat, in the caller's transaction; SessionFull or SessionClosed must roll it back."""
    rows = ClassSession.objects.filter(
        pk=session.pk, status=ClassSession.Status.SCHEDULED, starts_at__gt=now, capacity__gte=F("seats_taken") + seats
    )
    if not rows.update(seats_taken=F("seats_taken") + seats):
        still_open = ClassSession.objects.get(pk=session.pk).is_open(now)
        raise full(session, now=now) if still_open else SessionClosed


def full(session: ClassSession, *, now: datetime) -> SessionFull:
    """The refusal that says whether one may wait for a seat."""
    may_wait = now < policy.offers_close_at(session.starts_at)
    return SessionFull() if may_wait else SessionFull(SessionFull.waitlist_closed)


def take_at_the_door(session: ClassSession, *, now: datetime) -> None:
    """Like `take`, and also of a session that has begun, until it is over."""
    door = _at_the_door(session, now)
    if not door.filter(seats_taken__lt=F("capacity")).update(seats_taken=F("seats_taken") + 1):
        raise full(session, now=now) if door.exists() else SessionClosed


def add(session: ClassSession, *, allowed: int, now: datetime) -> bool:
    """Add a seat to a full session and take it, in one statement: it is free at no moment, for nobody.

    False, and nothing written, when a seat is free by now, it is over, or it has as many extra seats as are allowed.
    """
    door = _at_the_door(session, now).filter(seats_taken__gte=F("capacity"), extra_seats__lt=allowed)
    return bool(door.update(**{name: F(name) + 1 for name in EXTRA}))


def give_back(session_id: int) -> None:
    """Give one seat back, in the caller's transaction, right after the booking that held it was ended.

    An extra seat goes as it came: while a session has one, it has more people than it has room for.
    """
    rows = ClassSession.objects.filter(pk=session_id, seats_taken__gt=0)
    extra = Case(When(extra_seats__gt=0, then=Value(1)), default=Value(0))
    fewer = {"capacity": F("capacity") - extra, "extra_seats": F("extra_seats") - extra}
    if not rows.update(seats_taken=F("seats_taken") - 1, **fewer):
        raise RuntimeError(f"session {session_id} has no taken seat to give back")


def are_all_taken(session: ClassSession) -> bool:
    """Whether it takes place, full, and stays so until the caller's transaction ends: locks its row, so it is last."""
    scheduled = ClassSession.Status.SCHEDULED
    rows = ClassSession.objects.filter(pk=session.pk, status=scheduled, seats_taken__gte=F("capacity"))
    return bool(rows.update(seats_taken=F("seats_taken")))


def _at_the_door(session: ClassSession, now: datetime) -> QuerySet[ClassSession]:
    return ClassSession.objects.filter(pk=session.pk, status=ClassSession.Status.SCHEDULED, ends_at__gt=now)
