"""Whether somebody is still a member, and may come in.

Who is blocked cannot sign in, and is signed out everywhere at once. What they have booked and paid goes on by the usual
rules, and they are told of it.
"""

from datetime import datetime

from django.db import transaction

from members import acts, sign_ins
from members.exceptions import NobodyLeft, NotBlockable
from members.models import Member


def living(member_id: int) -> Member:
    """The member, locked in the caller's transaction so that nobody erases them meanwhile; NobodyLeft when erased."""
    member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
    if member.is_erased:
        raise NobodyLeft
    return member


def block(member_id: int, *, by: Member, reason: str, now: datetime) -> bool:
    """Let them in no more; False when they are blocked already. Opens a transaction.

    NotBlockable for oneself, and for who works here unless a superuser asks; NobodyLeft when erased.
    """
    blocked = _let_in(member_id, False, by=by, reason=reason, now=now)
    # After the commit: nobody can sign in any more, so none is missed; and none comes back to life with the member.
    sign_ins.end_all(member_id)
    return blocked


def unblock(member_id: int, *, by: Member, reason: str, now: datetime) -> bool:
    """Let them in again; like `block`."""
    return _let_in(member_id, True, by=by, reason=reason, now=now)


def _let_in(member_id: int, active: bool, *, by: Member, reason: str, now: datetime) -> bool:
    with transaction.atomic():
        member = living(member_id)
        if member.pk == by.pk:
            raise NotBlockable("Nobody blocks themselves.")
        if (member.is_staff or member.is_superuser) and not by.is_superuser:
            raise NotBlockable
        if not Member.objects.filter(pk=member_id, is_active=not active).update(is_active=active):
            return False
        acts.record(
            actor=by,
            act="unblock" if active else "block",
            subject=f"member:{member_id}",
            now=now,
            before={"active": not active},
            after={"active": active},
            reason=reason,
        )
        return True
