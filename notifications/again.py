"""Staff send a message again, as it reads: as one more message, which goes the way that is open now.

What was told stays as it was told; of each message there is one that follows it, however often somebody presses. So
"one per kind and subject, ever" holds for these as well.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from members import acts, standing
from members.models import Member
from notifications import outbox
from notifications.exceptions import NotAgain
from notifications.models import Message
from notifications.templates import CATALOGUE

AGAIN = ":again"
MOST = 3


def send(message_id: UUID, *, member: Member, by: Member, now: datetime) -> bool:
    """Owe it once more; False when it was sent again already. Opens a transaction, no network.

    NotAgain when it is nobody's of theirs, still on its way, or has been sent again often enough; NobodyLeft when the
    member was erased.
    """
    with transaction.atomic():
        standing.living(member.pk)
        message = Message.objects.filter(pk=message_id, member=member).first()
        if message is None:
            raise NotAgain
        if why := why_not(message):
            raise NotAgain(why)
        subject = message.subject + AGAIN
        if Message.objects.filter(kind=message.kind, subject=subject).exists():
            return False
        outbox.enqueue(kind=message.kind, subject=subject, member=member, variables=message.variables, now=now)
        before = {"status": message.status, "reason": message.reason, "emailed_at": message.emailed_at}
        what = f"message:{message.pk}"
        acts.record(actor=by, act="resend", subject=what, now=now, before=before, after={"subject": subject})
        return True


def followed() -> Exists:
    """Of each message whether staff have sent it again."""
    next_subject = Concat(OuterRef("subject"), Value(AGAIN))
    return Exists(Message.objects.filter(kind=OuterRef("kind"), subject=next_subject))


def why_not(message: Message) -> str:
    """Why it cannot be sent again; empty when it can."""
    if message.status in Message.WAITING or message.email_due_at is not None:
        return "It is still on its way."
    if message.subject.count(AGAIN) >= MOST:
        return f"It was sent again {MOST} times already; call the member."
    return "" if message.kind in CATALOGUE else "Nobody knows any more how it read."
