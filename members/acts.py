"""The log of what staff did: who, what, to which row, before and after, and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
    """
    StaffAct.objects.create(
        at=now, actor=actor, act=act, subject=subject, before=before or {}, after=after or {}, reason=reason[:200]
    )
