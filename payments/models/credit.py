from django.conf import settings
from django.db import models
from django.db.models import F, Q


class CreditLot(models.Model):
    """A dated grant of credits. It pays for sessions that start before it expires."""

    class Source(models.TextChoices):
        GRANT = "grant"
        PACK = "pack"
        GRACE = "grace"

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    granted = models.PositiveIntegerField()
    remaining = models.PositiveIntegerField()
    expires_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.GRANT)
    note = models.CharField(max_length=200)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    # What came back after its own lot had expired.
    grace_of = models.OneToOneField(
        "payments.CreditSpend", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = (F("expires_at").asc(nulls_last=True), "id")
        permissions = (("correct_creditlot", "Can take credits back by a correction"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("granted"), granted__gt=0),
                name="remaining_is_within_granted",
            ),
            models.UniqueConstraint(
                fields=("granted_by", "idempotency_key"), name="one_grant_per_staff_and_idempotency_key"
            ),
        )
        indexes = (models.Index(fields=("member", "expires_at"), name="lots_of_member"),)

    def __str__(self) -> str:
        return f"{self.remaining} of {self.granted}"

    def withdraw(self, credits: int) -> bool:
        """Take credits out if that many remain; False when another spend was quicker."""
        rows = CreditLot.objects.filter(pk=self.pk, remaining__gte=credits)
        return bool(rows.update(remaining=F("remaining") - credits))


class CreditSpend(models.Model):
    """The credits one subject has cost, over however many lots."""

    subject = models.CharField(max_length=64, unique=True)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    credits = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        constraints = (models.CheckConstraint(condition=Q(credits__gt=0), name="spend_is_positive"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.credits}"


class CreditEntry(models.Model):
    """One movement of one lot; append-only. A lot's remaining credits are the sum of its entries."""

    class Kind(models.TextChoices):
        GRANTED = "granted"
        SPENT = "spent"
        RETURNED = "returned"
        EXPIRED = "expired"
        REFUNDED = "refunded"
        CORRECTED = "corrected"

    lot = models.ForeignKey(CreditLot, on_delete=models.PROTECT, related_name="entries")
    spend = models.ForeignKey(CreditSpend, null=True, blank=True, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    credits = models.IntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "credit entries"
        constraints = (
            models.UniqueConstraint(
                fields=("spend", "lot"), condition=Q(kind="returned"), name="one_give_back_per_spend_and_lot"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.credits:+}"
