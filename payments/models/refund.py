import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from payments.models.payment import Payment

# Longer than the slowest attempt to submit can last; an older claim belongs to a process that died.
CLAIM_LIVES = timedelta(minutes=10)


class Refund(models.Model):
    """Money owed back, or given back at Stripe by somebody else: the row comes first, the network later."""

    class Status(models.TextChoices):
        DUE = "due"
        SUBMITTED = "submitted"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    # The order in which one refund can go on at Stripe; what is told late never takes it back.
    RANK: ClassVar = (Status.DUE, Status.SUBMITTED, Status.SUCCEEDED, Status.FAILED)
    RETURNING: ClassVar = (Status.DUE, Status.SUBMITTED, Status.SUCCEEDED)

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    key = models.CharField(max_length=300, unique=True)
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DUE)
    attempt = models.PositiveSmallIntegerField(default=1)
    stripe_refund_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    failure_code = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_is_positive"),)
        indexes = (models.Index(fields=("id",), condition=Q(status="due"), name="refunds_due"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.status}"

    @property
    def idempotency_key(self) -> str:
        """Stripe's key for this refund: a function of the row alone, so asking again is the same request."""
        return f"holdfast:{self.reference}:refund"

    @property
    def metadata(self) -> dict[str, str]:
        """What the refund carries at Stripe, to know it again."""
        return {"refund": str(self.reference), "payment": str(self.payment.reference)}

    def claim(self, now: datetime) -> bool:
        """Make this run the one that submits it, until released or for ten minutes; dates the first asking."""
        free = Q(claimed_at=None) | Q(claimed_at__lte=now - CLAIM_LIVES)
        asked_at = Coalesce("asked_at", models.Value(now))
        rows = Refund.objects.filter(free, pk=self.pk, status=self.Status.DUE)
        if not rows.update(claimed_at=now, asked_at=asked_at):
            return False
        self.refresh_from_db()
        return True

    def resize(self, amount: int) -> bool:
        """Owe another amount; False once it was claimed, for Stripe may know its key with the amount it has."""
        return self._while_unasked(amount=amount)

    def call_off(self, now: datetime, *, code: str) -> bool:
        """Owe it no longer, for a stated reason; False once it was claimed."""
        return self._while_unasked(status=self.Status.FAILED, failure_code=code, ended_at=now)

    def _while_unasked(self, **fields: Any) -> bool:
        # Conditional: a claim does not wait for the payment's lock.
        rows = Refund.objects.filter(pk=self.pk, status=self.Status.DUE, asked_at=None)
        if not rows.update(**fields):
            return False
        for name, value in fields.items():
            setattr(self, name, value)
        return True

    def release(self, now: datetime) -> None:
        """Let go of one's own claim."""
        Refund.objects.filter(pk=self.pk, claimed_at=now).update(claimed_at=None)

    def change(self, status: Status, **fields: Any) -> None:
        """Write a new status; the caller holds the payment's lock and knows the present one."""
        self.status = status
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=["status", *fields])


class Dispute(models.Model):
    """A charge that its payer contests at their bank: Stripe takes the money back until it is decided."""

    # Decided for the studio, or never more than a question: the money is the studio's to give back again.
    SETTLED: ClassVar = ("won", "warning_closed")
    CLOSED: ClassVar = (*SETTLED, "lost", "charge_refunded", "prevented")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    stripe_dispute_id = models.CharField(max_length=255, unique=True)
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.stripe_dispute_id} {self.status}"


class UnmatchedMoney(models.Model):
    """Money at Stripe that belongs to nothing here; it stands in this queue until staff have dealt with it."""

    stripe_id = models.CharField(max_length=255, unique=True)
    payment = models.ForeignKey(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    why = models.CharField(max_length=200)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("resolved_at", "-id")
        verbose_name_plural = "unmatched money"

    def __str__(self) -> str:
        return f"{self.stripe_id} {self.amount} {self.currency}"
