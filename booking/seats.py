"""The only code that touches `seats_taken`: one conditional update, so that the database is the last judge.

In a booking's transaction it is the last statement: the hot row is then locked for the shortest time.
"""

from datetime import datetime

from django.db.models import F

from booking.exceptions import SessionClosed, SessionFull
from booking.models import ClassSession


def take(session: ClassSession, *, now: datetime) -> None:
    """Take one seat, in the caller's transaction; SessionFull or SessionClosed must roll it back."""
    rows = ClassSession.objects.filter(
        pk=session.pk, status=ClassSession.Status.SCHEDULED, starts_at__gt=now, seats_taken__lt=F("capacity")
    )
    if not rows.update(seats_taken=F("seats_taken") + 1):
        still_open = ClassSession.objects.get(pk=session.pk).is_open(now)
        raise SessionFull if still_open else SessionClosed


def give_back(session_id: int) -> None:
    """Give one seat back, in the caller's transaction, right after the booking that held it was ended."""
    rows = ClassSession.objects.filter(pk=session_id, seats_taken__gt=0)
    if not rows.update(seats_taken=F("seats_taken") - 1):
        raise RuntimeError(f"session {session_id} has no taken seat to give back")
