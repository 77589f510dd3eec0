"""Staff change a session: whoever holds a seat is told when it moves."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from booking import messages
from booking.models import ClassSession


def save(session: ClassSession, *, fields: Collection[str], now: datetime) -> None:
    """Save these fields of a session; another start or place is told in the same transaction, which it opens.

    What is over, or takes place no more, is put right without a word.
    """
    with transaction.atomic():
        session.save(update_fields=fields)
        before = session.before
        if before is None or not session.is_open(now):
            return
        if (before.starts_at, before.location) != (session.starts_at, session.location):
            messages.tell_moved(session, before=before, now=now)
