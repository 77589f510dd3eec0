"""The log of what staff did: who, what, to which row, before and after, and why.

Note [Whose line]: what a line tells of a member by name, address or number stands under the subject `member:<id>`, and
nowhere else: other lines name a member by id. So an export finds what is told of them, and an erasure forgets it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from members.models import Member, StaffAct


def record(
    *,
    actor: Member,
    act: str,
    subject: str,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one line, in the caller's transaction: an act and its line stand or fall together.

    `act` is a verb of the trade ("walk_in"), `subject` the row as its app names it ("booking:4F7K2M9Q", "member:12").
    See the note [Whose line].
    """
    StaffAct.objects.create(
        at=now, actor=actor, act=act, subject=subject, before=before or {}, after=after or {}, reason=reason[:200]
    )


def about(member: Member) -> list[dict[str, Any]]:
    """What staff did to a member and what is theirs, as far as the lines name them; in order."""
    lines = StaffAct.objects.filter(Q(subject=f"member:{member.pk}") | Q(after__member=member.pk)).order_by("id")
    return [
        {"at": line.at, "by": f"staff:{line.actor_id}", "act": line.act, "before": line.before, "after": line.after}
        | {"subject": line.subject, "reason": line.reason}
        for line in lines
    ]


def forget(member: Member) -> None:
    """Keep of a member's lines who did what and when, and nothing of what was told; in the caller's transaction."""
    StaffAct.objects.filter(subject=f"member:{member.pk}").scrub()
