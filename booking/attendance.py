"""Who came and who did not: checked in at the door, or missed once the session has begun; both can be undone.

Note [No-shows]: whoever is missed has paid, and pays nothing more. After the start nothing is returned anyway, by
the terms of cancelling; a no-show is said of a booking, which stays paid, and refuses to be cancelled.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from booking.exceptions import NotBegun, NotMissed, NotPaid
from booking.models import Booking, ClassSession
from members import acts
from members.models import Member


def check_in(booking: Booking, *, actor: Member, now: datetime) -> Booking:
    """Its member has come: the first moment stands, and who was missed is missed no more. NotPaid."""
    with _logged(booking, "check_in", actor=actor, now=now) as row:
        if not row.check_in(now=now):
            raise NotPaid
    return row


def undo_check_in(booking: Booking, *, actor: Member, now: datetime) -> Booking:
    """Nobody has come after all; repeatable."""
    with _logged(booking, "undo_check_in", actor=actor, now=now) as row:
        row.undo_check_in()
    return row


def miss(booking: Booking, *, actor: Member, now: datetime) -> Booking:
    """Its member has not come; repeatable. NotBegun before it starts; NotMissed if they are here, or have not paid."""
    if not _has_begun(booking.session, now):
        raise NotBegun
    with _logged(booking, "no_show", actor=actor, now=now) as row:
        if not row.miss(now=now) and row.no_show_at is None:
            raise NotMissed
    return row


def undo_no_show(booking: Booking, *, actor: Member, now: datetime) -> Booking:
    """They are missed no more; repeatable."""
    with _logged(booking, "undo_no_show", actor=actor, now=now) as row:
        row.undo_no_show()
    return row


def miss_the_rest(session: ClassSession, *, actor: Member, now: datetime) -> int:
    """Everybody who has paid and was not checked in is missed; how many. Opens a transaction; NotBegun."""
    if not _has_begun(session, now):
        raise NotBegun
    with transaction.atomic():
        unseen = Booking.objects.filter(Booking.UNSEEN, session=session, status=Booking.Status.PAID)
        rows = list(unseen.select_for_update(no_key=True).order_by("pk"))
        for row in rows:
            with _noted(row, "no_show", actor=actor, now=now):
                row.miss(now=now)
    return len(rows)


def _has_begun(session: ClassSession, now: datetime) -> bool:
    return session.status == ClassSession.Status.SCHEDULED and session.starts_at <= now


@contextmanager
def _logged(booking: Booking, act: str, *, actor: Member, now: datetime) -> Iterator[Booking]:
    """The row as it stands, locked: what changes of it is logged, in the same transaction."""
    with transaction.atomic():
        row = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
        with _noted(row, act, actor=actor, now=now):
            yield row


@contextmanager
def _noted(row: Booking, act: str, *, actor: Member, now: datetime) -> Iterator[None]:
    """What changes of a locked row goes into the log; nothing when nothing did."""
    before = _seen(row)
    yield
    after = _seen(row)
    if before != after:
        acts.record(actor=actor, act=act, subject=row.subject, now=now, before=before, after=after)


def _seen(row: Booking) -> dict[str, Any]:
    return {"checked_in_at": row.checked_in_at, "no_show_at": row.no_show_at}
