import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

# Longer than the slowest attempt to void can last; an older claim belongs to a process that died.
VOID_CLAIM = timedelta(minutes=10)


class Payment(models.Model):
    """Our row for one PaymentIntent. Its amount, currency and metadata never change once it is written."""

    class Status(models.TextChoices):
        CREATING = "creating"
        OPEN = "open"
        PROCESSING = "processing"
        PAID = "paid"
        VOIDING = "voiding"
        VOID = "void"
        REVIEW = "review"

    LIVE = (Status.CREATING, Status.OPEN, Status.PROCESSING, Status.VOIDING)

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.CharField(max_length=64)
    attempt = models.PositiveSmallIntegerField(default=1)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=300)
    site = models.CharField(max_length=100, blank=True, default="", db_default="")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.CREATING)
    stripe_intent_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    amount_received = models.PositiveIntegerField(default=0)
    void_reason = models.CharField(max_length=32, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    decline_code = models.CharField(max_length=64, blank=True)
    review_reason = models.CharField(max_length=200, blank=True)
    void_claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        permissions = (("refund_payment", "Can return money, in whole or part"),)
        constraints = (
            models.UniqueConstraint(fields=("subject", "attempt"), name="one_payment_per_subject_and_attempt"),
            models.UniqueConstraint(
                fields=("subject",),
                condition=Q(status__in=("creating", "open", "processing", "voiding")),
                name="one_live_payment_per_subject",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_is_positive"),
        )
        # A few of very many, and counted every few seconds.
        indexes = (models.Index(fields=("ended_at",), condition=Q(status="review"), name="payments_in_review"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.amount} {self.currency} {self.status}"

    @property
    def idempotency_key(self) -> str:
        """Stripe's key for creating the intent: a function of the row alone, so asking again is the same request."""
        return f"holdfast:{self.reference}:create"

    @property
    def metadata(self) -> dict[str, str]:
        """What the intent carries, to know it again, among those of other programs too; no personal data."""
        kind, _, name = self.subject.partition(":")
        site = {"site": self.site} if self.site else {}
        return {"payment": str(self.reference), kind: name, **site}

    def remember_intent(self, intent_id: str) -> bool:
        """Store Stripe's id; an opened payment becomes `open`. False when the payment has meanwhile moved on."""
        rows = Payment.objects.filter(pk=self.pk, status__in=(self.Status.CREATING, self.Status.OPEN))
        if not rows.update(status=self.Status.OPEN, stripe_intent_id=intent_id):
            return False
        self.status, self.stripe_intent_id = self.Status.OPEN, intent_id
        return True

    def begin_void(self, reason: str) -> bool:
        """Intend to cancel the intent; False when it has ended, or holds money that staff must look at."""
        unpaid_review = Q(status=self.Status.REVIEW, amount_received=0)
        rows = Payment.objects.filter(Q(status__in=self.LIVE) | unpaid_review, pk=self.pk)
        why = models.Case(models.When(void_reason="", then=models.Value(reason)), default=F("void_reason"))
        return bool(rows.update(status=self.Status.VOIDING, void_reason=why))

    def claim_void(self, now: datetime) -> bool:
        """Make this run the one that voids it, until released or for ten minutes: two runs at once ask Stripe once."""
        free = Q(void_claimed_at=None) | Q(void_claimed_at__lte=now - VOID_CLAIM)
        rows = Payment.objects.filter(free, pk=self.pk).exclude(status__in=(self.Status.PAID, self.Status.VOID))
        claimed = bool(rows.update(void_claimed_at=now))
        self.void_claimed_at = now if claimed else self.void_claimed_at
        return claimed

    def release_void(self) -> None:
        """Let go of one's own claim."""
        Payment.objects.filter(pk=self.pk, void_claimed_at=self.void_claimed_at).update(void_claimed_at=None)

    def change(self, status: Status, **fields: Any) -> None:
        """Write a new status; the caller holds the row's lock and knows the present one."""
        self.status = status
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *fields])


class StripeEvent(models.Model):
    """An event that was applied; stored in the transaction of its effect, never with its payload."""

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    api_version = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
