from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from members.models import Member
from notifications import delivery
from notifications.models import Message

AT_ONCE = 50


@dataclass(frozen=True)
class Letter:
    """One message to be owed: whom it is for, what it is about and what it says."""

    subject: str
    member: Member
    variables: Mapping[str, str]


def enqueue(*, kind: str, subject: str, member: Member, variables: Mapping[str, str], now: datetime) -> None:
    """Owe a message, in the caller's transaction; one per kind and subject, ever: a repetition adds nothing."""
    enqueue_all(kind=kind, letters=[Letter(subject, member, variables)], now=now)


def enqueue_all(*, kind: str, letters: Iterable[Letter], now: datetime, at_once: int = AT_ONCE) -> None:
    """Owe many messages by one INSERT, in the caller's transaction; those owed before add nothing.

    So many are sent at once, in the background; `deliver_messages` sends the rest.
    """
    owe([draft(kind, letter, now=now) for letter in letters], at_once=at_once)


def owe(messages: list[Message], *, at_once: int = AT_ONCE) -> None:
    """Write these rows by one INSERT, in the caller's transaction, and send so many of them after it."""
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    send_all_after_commit((message.pk for message in messages), at_once=at_once)


def draft(kind: str, letter: Letter, *, now: datetime) -> Message:
    """A message as a row that is not written yet."""
    return Message(
        kind=kind,
        subject=letter.subject,
        member=letter.member,
        variables=dict(letter.variables),
        due_at=now,
        created_at=now,
    )


def send_after_commit(message: Message) -> None:
    """Send it in the background once the caller's transaction has committed; `deliver_messages` does the rest."""
    delivery.after_commit(message.pk)


def send_all_after_commit(message_ids: Iterable[UUID], *, at_once: int = AT_ONCE) -> None:
    """Send so many of these in the background once the caller's transaction has committed."""
    for message_id in islice(message_ids, at_once):
        delivery.after_commit(message_id)
