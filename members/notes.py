"""What staff note of a member: written once, never edited, gone with the member."""

from datetime import datetime

from django.db import transaction

from members import acts, standing
from members.models import Member, MemberNote


def add(member_id: int, *, text: str, seen: int, by: Member, now: datetime) -> bool:
    """Add a note; False when its author has sent the same one since note `seen` was their latest. Opens a transaction.

    NobodyLeft when the member has been erased. The log of acts names the note and not its words: those must be
    forgotten with the member.
    """
    with transaction.atomic():
        member = standing.living(member_id)
        if member.notes.filter(pk__gt=seen, text=text, by=by).exists():
            return False
        note = MemberNote.objects.create(member=member, text=text, by=by, at=now)
        acts.record(actor=by, act="note", subject=f"member:{member.pk}", now=now, after={"note": note.pk})
        return True
