"""What WhatsApp could not bring goes by e-mail: once, or not at all, never twice."""

import logging
from datetime import datetime
from uuid import UUID

from notifications import email
from notifications.exceptions import NotSent, OutcomeUnknown, Refused
from notifications.models import Message

logger = logging.getLogger(__name__)
SENT, LATER, NONE, UNKNOWN = "e-mailed", "e-mail put off", "no e-mail", "e-mail unknown"


def due(*, now: datetime, limit: int) -> list[UUID]:
    """The messages to mail by now, oldest first."""
    owed = Message.objects.filter(email_due_at__lte=now)
    return list(owed.order_by("email_due_at").values_list("pk", flat=True)[:limit])


def deliver(message_id: UUID, *, now: datetime) -> str:
    """Mail one message if that is owed by now and nobody else does; what came of it, else empty. Network."""
    message = Message.to_deliver(message_id)
    return mail(message, now=now) if message else ""


def mail(message: Message, *, now: datetime) -> str:
    """The same for one that was read already, with its member. Network."""
    came = _mail(message, now)
    if came == SENT:
        message.record_email()
    return came


def mail_together(messages: list[Message], *, now: datetime) -> None:
    """Mail those of them that are owed; each is claimed by itself, what was taken is noted by one statement.

    Network. Whoever dies on the way leaves no more than the one in hand unsent; those before it went, which nobody has
    noted then.
    """
    sent = []
    try:
        for message in messages:
            try:
                if _mail(message, now) == SENT:
                    sent.append(message)
            except Exception:
                # Those behind it must not wait for the command.
                logger.exception("The message %s could not be mailed at once", message.pk)
    finally:
        Message.record_emails(sent)


def _mail(message: Message, now: datetime) -> str:
    """Claim it and hand it over; that it was taken is for the caller to note."""
    if message.email_due_at is None or message.email_due_at > now or not message.claim_email(now):
        return ""
    if not email.can_reach(message.member):
        message.drop_email("no_address")
        return NONE
    try:
        email.send(message)
    except NotSent as delay:
        message.put_off_email(now, str(delay))
        return LATER if message.email_due_at else NONE
    except Refused as refusal:
        message.drop_email(f"refused: {refusal}")
        return NONE
    except OutcomeUnknown as silence:
        logger.warning("Nobody knows whether the message %s was mailed; it is not mailed again", message.pk)
        message.record_email(f"unknown: {silence}")
        return UNKNOWN
    return SENT
