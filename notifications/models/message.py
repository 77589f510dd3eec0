import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import models
from django.db.models import Q

from notifications.templates import CATALOGUE

# How long to wait before the n-th next attempt; after the last the message fails.
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400))
# A call to Twilio ends within its timeout; a claim older than this belongs to a process that died.
CLAIM = timedelta(minutes=2)


class Message(models.Model):
    """A message owed to a member: written beside the fact it tells, sent after the commit."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        UNKNOWN = "unknown"
        SENT = "sent"
        FAILED = "failed"
        DELIVERED = "delivered"
        READ = "read"
        SKIPPED = "skipped"

    WAITING = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)
    # What a later status may replace; Twilio's callbacks come in any order and more than once.
    RANK = (Status.QUEUED, Status.SENDING, Status.UNKNOWN, Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=64)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    variables = models.JSONField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED)
    reason = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sid = models.CharField(max_length=64, blank=True)
    # What WhatsApp could not bring is owed as an e-mail from `email_due_at` on; at `emailed_at` one sender took it up.
    email_due_at = models.DateTimeField(null=True)
    email_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Empty: all is well. Else why there is no e-mail yet or at all, or, beside `emailed_at`, why nobody knows.
    email_reason = models.CharField(max_length=64, blank=True, default="", db_default="")
    emailed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = (models.UniqueConstraint(fields=("kind", "subject"), name="one_message_per_kind_and_subject"),)
        indexes = (
            models.Index(
                fields=("due_at",), condition=Q(status__in=("queued", "sending", "unknown")), name="messages_waiting"
            ),
            models.Index(fields=("email_due_at",), condition=Q(email_due_at__isnull=False), name="emails_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @classmethod
    def check(cls, **kwargs: Any) -> list[checks.CheckMessage]:
        unknown = sorted(set(settings.TWILIO_CONTENT_SIDS) - set(CATALOGUE))
        warnings = [
            checks.Warning(f"TWILIO_CONTENT_SIDS names {kind!r}, which is no kind of message", id="notifications.W001")
            for kind in unknown
        ]
        return [*super().check(**kwargs), *warnings]

    @classmethod
    def to_deliver(cls, message_id: uuid.UUID) -> "Message | None":
        """The message with its member, as both stand now."""
        return next(iter(cls.to_deliver_together([message_id])), None)

    @classmethod
    def to_deliver_together(cls, message_ids: list[uuid.UUID]) -> "list[Message]":
        """Those of them that are there, oldest first, with their members; by one query."""
        return list(cls.objects.select_related("member").filter(pk__in=message_ids).order_by("created_at"))

    @classmethod
    def skip_together(cls, messages: "list[Message]", now: datetime, reason: str) -> None:
        """Skip new ones by one statement; where some are new no more, these objects are as they were read."""
        rows = cls.objects.filter(pk__in=[message.pk for message in messages], status=cls.Status.QUEUED)
        ended = {"status": cls.Status.SKIPPED, "reason": reason, "ended_at": now, "email_due_at": now}
        if rows.filter(claimed_at=None).update(**ended) == len(messages):
            for message in messages:
                message._take_over(ended)

    @property
    def is_new(self) -> bool:
        """Whether nobody has tried to send it yet."""
        return self.status == self.Status.QUEUED and self.claimed_at is None

    def claim(self, now: datetime) -> bool:
        """Make this process the one that sends it: one conditional update, so that two senders send once."""
        return self._move(self.Status.SENDING, claimed_at=now, attempts=self.attempts + 1)

    def record_sent(self, now: datetime, sid: str) -> None:
        self._move(self.Status.SENT, sid=sid, ended_at=now, reason="")

    def record_end(self, now: datetime, status: Status, reason: str) -> bool:
        """Failed or skipped, for a stated reason: then an e-mail is owed. False when another sender was quicker."""
        return self._move(status, reason=reason[:64], ended_at=now, email_due_at=now)

    def forget_name(self) -> None:
        """Whom it was for has been erased; it may have been written by somebody who read who they were before."""
        self.variables["name"] = ""
        self.save(update_fields=["variables"])

    def put_off(self, now: datetime, status: Status, reason: str, at_least: timedelta = timedelta(0)) -> None:
        """Queue it again (or leave it unknown) for a later attempt; fail it when the attempts are used up."""
        if self.attempts > len(BACK_OFF):
            self.record_end(now, self.Status.FAILED, f"gave up: {reason}")
        else:
            due_at = now + max(BACK_OFF[self.attempts - 1], at_least)
            self._move(status, reason=reason[:64], due_at=due_at)

    def advance(self, now: datetime, status: Status, *, sid: str, reason: str) -> None:
        """What Twilio reports: forward only, whatever the order its reports arrive in. A failure owes an e-mail."""
        earlier = self.RANK[: self.RANK.index(status)]
        rows = Message.objects.filter(pk=self.pk, status__in=earlier)
        email_due_at = now if status == self.Status.FAILED else None
        rows.update(status=status, sid=sid, reason=reason[:64], ended_at=now, email_due_at=email_due_at)

    def claim_email(self, now: datetime) -> bool:
        """Make this process the one that mails it. A sender that dies now leaves it so: better no e-mail than two."""
        due = Message.objects.filter(pk=self.pk, email_due_at=self.email_due_at, emailed_at=None)
        return self._note_email(due, email_due_at=None, emailed_at=now, email_reason="sending")

    def record_email(self, reason: str = "") -> None:
        """It was taken; with a reason nobody knows whether it was, and it stays at that."""
        self._note_email(self._claimed, email_reason=reason[:64])

    @classmethod
    def record_emails(cls, messages: "list[Message]") -> None:
        """The same for several that were taken, by one statement; a claim has one sender, and is theirs until then."""
        if messages:
            cls.objects.filter(pk__in=[message.pk for message in messages], email_reason="sending").update(
                email_reason=""
            )

    def drop_email(self, reason: str) -> None:
        """There is no e-mail, and there will be none."""
        self._note_email(self._claimed, emailed_at=None, email_reason=reason[:64])

    def put_off_email(self, now: datetime, reason: str) -> None:
        """It was surely not taken: owe it for later, with the same patience as WhatsApp."""
        if self.email_attempts >= len(BACK_OFF):
            self.drop_email(f"gave up: {reason}")
            return
        due_at, attempts = now + BACK_OFF[self.email_attempts], self.email_attempts + 1
        owed = {"emailed_at": None, "email_due_at": due_at, "email_attempts": attempts, "email_reason": reason[:64]}
        self._note_email(self._claimed, **owed)

    @property
    def _claimed(self) -> "models.QuerySet[Message]":
        return Message.objects.filter(pk=self.pk, emailed_at=self.emailed_at)

    def _note_email(self, rows: "models.QuerySet[Message]", **fields: Any) -> bool:
        if not rows.update(**fields):
            return False
        self._take_over(fields)
        return True

    def _move(self, to: Status, **fields: Any) -> bool:
        """From the status and the claim that were read; a sender whose claim was taken over writes nothing."""
        rows = Message.objects.filter(pk=self.pk, status=self.status, claimed_at=self.claimed_at)
        if not rows.update(status=to, **fields):
            return False
        self._take_over({"status": to, **fields})
        return True

    def _take_over(self, written: dict[str, Any]) -> None:
        for name, value in written.items():
            setattr(self, name, value)
