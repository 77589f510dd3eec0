import logging
from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from boundary.after_commit import Lane
from members.models import Member
from notifications import fallback, twilio_client
from notifications.exceptions import NotSent, OutcomeUnknown, Refused, StillAtWork
from notifications.models import CLAIM, Message
from notifications.templates import CATALOGUE, content_variables, preview

# A request that timed out may still be at work; after this long a look tells for sure, or its callback has.
LOST = timedelta(minutes=10)
logger = logging.getLogger(__name__)
lane = Lane("messages", workers=2)


def after_commit(message_id: UUID) -> None:
    """Deliver in the background of this process once the caller's transaction, if any, has committed."""
    lane.run_together(_deliver_now, message_id)


def due(*, now: datetime, limit: int) -> list[UUID]:
    """The messages to send by now, oldest first: due ones, and those whose sender died."""
    waiting = Q(status__in=(Message.Status.QUEUED, Message.Status.UNKNOWN), due_at__lte=now)
    abandoned = Q(status=Message.Status.SENDING, claimed_at__lte=now - CLAIM)
    return list(Message.objects.filter(waiting | abandoned).order_by("due_at").values_list("pk", flat=True)[:limit])


def deliver(message_id: UUID, *, now: datetime) -> str:
    """Send one message if it is due and nobody else does; its status then, else empty. Network."""
    message = Message.to_deliver(message_id)
    return _deliver(message, now) if message else ""


def _deliver(message: Message, now: datetime) -> str:
    if not _is_due(message, now):
        return ""
    if reason := _reason_to_skip(message):
        # Nothing leaves, so nobody needs to claim it: whoever writes this first has done it.
        if not message.record_end(now, Message.Status.SKIPPED, reason):
            return ""
        if message.member.is_erased:
            message.forget_name()
        return message.status
    outcome_unknown = message.status != Message.Status.QUEUED
    if not message.claim(now):
        return ""
    _send(message, outcome_unknown=outcome_unknown, now=now)
    return message.status


def _send(message: Message, *, outcome_unknown: bool, now: datetime) -> None:
    to = message.member.phone.as_e164
    try:
        sid = _sent_before(message, to) if outcome_unknown else None
        sid = sid or twilio_client.send(
            to=to,
            content_sid=settings.TWILIO_CONTENT_SIDS[message.kind],
            variables=content_variables(message.kind, message.variables),
            callback=settings.PUBLIC_BASE_URL + reverse("twilio-status", args=(message.pk,)),
        )
    except Refused as refusal:
        message.record_end(now, Message.Status.FAILED, str(refusal))
    except NotSent as delay:
        message.put_off(now, Message.Status.QUEUED, str(delay))
    except StillAtWork as silence:
        message.put_off(now, Message.Status.UNKNOWN, str(silence), at_least=LOST)
    except OutcomeUnknown as silence:
        message.put_off(now, Message.Status.UNKNOWN, str(silence))
    else:
        message.record_sent(now, sid)


def _sent_before(message: Message, to: str) -> str | None:
    """Twilio has no idempotency key: before asking again, look whether the earlier attempt arrived after all.

    Nothing of ours comes back but the text, so a message is known again by its variables. Two that tell one number the
    same cannot be told apart: then the later one may be taken for the earlier and stays away.
    """
    there = twilio_client.find_sent(to=to, since=message.created_at)
    taken = set(Message.objects.filter(sid__in=[sid for sid, _ in there]).values_list("sid", flat=True))
    ours = _values(message)
    rivals = Message.objects.filter(member_id=message.member_id, sid="", kind__in=CATALOGUE)
    # A confirmation tells all that an expired hold of the same session does, and its reference besides.
    fuller = [values for values in map(_values, rivals) if values > ours]
    for sid, text in there:
        reads_like_ours = _holds(text, ours) and not any(_holds(text, values) for values in fuller)
        if sid not in taken and (reads_like_ours or not text):
            return sid
    return None


def _values(message: Message) -> set[str]:
    return set(content_variables(message.kind, message.variables).values())


def _holds(text: str, values: set[str]) -> bool:
    return all(value in text for value in values)


def _reason_to_skip(message: Message) -> str:
    member: Member = message.member
    if member.is_erased:
        return "erased"
    if not settings.MESSAGING_ENABLED:
        if settings.DEBUG:
            logger.info("WhatsApp to %s: %s", member.email, preview(message.kind, message.variables))
        return "not_configured"
    if not member.phone:
        return "no_phone"
    if not member.whatsapp_opt_in:
        return "no_consent"
    if message.kind not in settings.TWILIO_CONTENT_SIDS:
        return "no_template"
    return ""


def _is_due(message: Message, now: datetime) -> bool:
    if message.status == Message.Status.SENDING:
        return message.claimed_at is not None and message.claimed_at <= now - CLAIM
    return message.status in Message.WAITING and message.due_at <= now


def _deliver_now(message_ids: list[UUID]) -> None:
    """By WhatsApp, and at once by e-mail where that cannot be: of one reading, and skipped by one statement."""
    messages = Message.to_deliver_together(message_ids)
    _skip_together(messages, timezone.now())
    for message in messages:
        try:
            _deliver(message, timezone.now())
        except Exception:
            # Those behind it must not wait for the command.
            logger.exception("The message %s could not be delivered at once", message.pk)
    fallback.mail_together(messages, now=timezone.now())


def _skip_together(messages: list[Message], now: datetime) -> None:
    """End those that WhatsApp cannot bring; what a rival has taken meanwhile is left to `_deliver`, one by one."""
    by_reason: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if message.is_new and _is_due(message, now) and not message.member.is_erased:
            by_reason[_reason_to_skip(message)].append(message)
    for reason, skipped in by_reason.items():
        if reason:
            Message.skip_together(skipped, now, reason)
