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
    # What WhatsApp could not bring went by e-mail.
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

    def claim(self, now: datetime) -> bool:
        """Make this process the one that sends it: one conditional update, so that two senders send once."""
        return self._move(self.Status.SENDING, claimed_at=now, attempts=self.attempts + 1)

    def record_sent(self, now: datetime, sid: str) -> None:
        self._move(self.Status.SENT, sid=sid, ended_at=now, reason="")

    def record_end(self, now: datetime, status: Status, reason: str) -> None:
        """Failed or skipped, for a stated reason."""
        self._move(status, reason=reason[:64], ended_at=now)

    def put_off(self, now: datetime, status: Status, reason: str, at_least: timedelta = timedelta(0)) -> None:
        """Queue it again (or leave it unknown) for a later attempt; fail it when the attempts are used up."""
        if self.attempts > len(BACK_OFF):
            self.record_end(now, self.Status.FAILED, f"gave up: {reason}")
        else:
            due_at = now + max(BACK_OFF[self.attempts - 1], at_least)
            self._move(status, reason=reason[:64], due_at=due_at)

    def advance(self, now: datetime, status: Status, *, sid: str, reason: str) -> None:
        """What Twilio reports: forward only, whatever the order its reports arrive in."""
        earlier = self.RANK[: self.RANK.index(status)]
        rows = Message.objects.filter(pk=self.pk, status__in=earlier)
        rows.update(status=status, sid=sid, reason=reason[:64], ended_at=now)

    def _move(self, to: Status, **fields: Any) -> bool:
        """From the status and the claim that were read; a sender whose claim was taken over writes nothing."""
        rows = Message.objects.filter(pk=self.pk, status=self.status, claimed_at=self.claimed_at)
        if not rows.update(status=to, **fields):
            return False
        self.status = to
        for name, value in fields.items():
            setattr(self, name, value)
        return True


class Reply(models.Model):
    """What a member wrote to us on WhatsApp, stored once by Twilio's id, and what we answered."""

    sid = models.CharField(max_length=64, unique=True)
    phone = models.CharField(max_length=20)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField(max_length=200)
    answer = models.TextField(blank=True)
    # What a later reply may confirm: a booking and the quote its member was given.
    booking = models.CharField(max_length=8, blank=True)
    quote = models.TextField(blank=True)
    received_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "replies"
        indexes = (models.Index(fields=("member", "-id"), name="replies_of_member"),)

    def __str__(self) -> str:
        return f"{self.phone}: {self.text}"
