"""Staff change a session: it stands in the log, and whoever holds a seat is told when it moves.

Note [Agreed to another]: whoever agreed to a session before it last moved may cancel in full until it begins, for it is
not what they paid for. What counts is when its member agreed: when a card's payment was opened, whenever money came, or
when credits were spent. So a booking made after the move, or an offer taken after it, has the usual terms. Somebody who
books at the very instant of a move, with the former time before their eyes, counts as having seen the new one.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from booking import messages
from booking.models import ClassSession
from members import acts
from members.models import Member


def save(session: ClassSession, *, fields: Collection[str], actor: Member | None, now: datetime) -> None:
    """Save these fields of a session and log what changed; another start or place is told in the same transaction.

    It opens that. What is over, or takes place no more, is put right without a word.
    """
    with transaction.atomic():
        session.save(update_fields=fields)
        before = session.before
        if before is None:
            return
        if actor is not None:
            _log(session, before, fields, actor=actor, now=now)
        if not session.is_open(now):
            return
        if (before.starts_at, before.location) != (session.starts_at, session.location):
            session.note_move(now=now)
            messages.tell_moved(session, before=before, now=now)


def _log(session: ClassSession, before: ClassSession, fields: Collection[str], *, actor: Member, now: datetime) -> None:
    columns = [column.attname for column in ClassSession._meta.concrete_fields if column.name in fields]
    changed = [name for name in columns if getattr(before, name) != getattr(session, name)]
    old, new = ({name: getattr(one, name) for name in changed} for one in (before, session))
    if changed:
        subject = f"session:{session.pk}"
        acts.record(actor=actor, act="change_session", subject=subject, now=now, before=old, after=new)
