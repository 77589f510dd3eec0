from collections.abc import Mapping
from datetime import datetime

from members.models import Member
from notifications import delivery
from notifications.models import Message


def enqueue(*, kind: str, subject: str, member: Member, variables: Mapping[str, str], now: datetime) -> None:
    """Owe a message, in the caller's transaction; one per kind and subject, ever: a repetition adds nothing."""
    message = Message(kind=kind, subject=subject, member=member, variables=dict(variables), due_at=now, created_at=now)
    Message.objects.bulk_create([message], ignore_conflicts=True)
    delivery.after_commit(message.pk)
