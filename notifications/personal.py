"""What notifications holds about a member, and what it forgets of one who is erased."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from members.models import Member
from notifications.models import Message, Reply

BATCH = 500


def held(member: Member) -> dict[str, Any]:
    """What was told to the member and what they wrote back, oldest first; two queries."""
    messages = Message.objects.filter(member=member).order_by("created_at", "id")
    replies = _replies(member).order_by("id")
    told = ("kind", "subject", "status", "reason", "variables", "created_at", "ended_at", "emailed_at")
    heard = ("phone", "text", "answer", "received_at", "answered_at")
    return {"messages": list(messages.values(*told)), "replies": list(replies.values(*heard))}


def forget(member: Member, now: datetime) -> None:
    """Blank name, number and words, and send nothing any more, in the caller's transaction.

    What is being sent at this moment stays its sender's, who writes down how it ended.
    """
    messages = Message.objects.filter(member=member)
    idle = messages.filter(status__in=(Message.Status.QUEUED, Message.Status.UNKNOWN))
    idle.update(status=Message.Status.SKIPPED, reason="erased", ended_at=now)
    named = list(messages.filter(variables__has_key="name").only("variables"))
    for message in named:
        message.variables["name"] = ""
    Message.objects.bulk_update(named, ["variables"], batch_size=BATCH)
    _replies(member).update(phone="", text="", answer="", quote="")


def _replies(member: Member) -> QuerySet[Reply]:
    """Theirs, and those that came from their number before it was known whose it was."""
    theirs = Q(member=member)
    if member.phone:
        theirs |= Q(member=None, phone=member.phone.as_e164)
    return Reply.objects.filter(theirs)
