from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from boundary.references import new_reference
from payments.models.credit import CreditLot
from payments.models.payment import Payment


class CreditPack(models.Model):
    """What a member can buy: so many credits, for so much, valid for so many days."""

    name = models.CharField(max_length=120)
    credits = models.PositiveIntegerField()
    amount = models.PositiveIntegerField(help_text="Price in minor units (pence, cents).")
    currency = models.CharField(max_length=3)
    valid_days = models.PositiveIntegerField(help_text="Days from the payment until the credits expire.")
    active = models.BooleanField(default=True, help_text="Off: it is no longer sold; what was sold stands.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("amount", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(credits__gt=0, amount__gt=0, valid_days__gt=0), name="pack_has_credits_price_and_validity"
            ),
        )

    def __str__(self) -> str:
        return self.name


class PackPurchase(models.Model):
    """A member's purchase of a pack, as it was sold: the pack may change, the purchase never does."""

    class Status(models.TextChoices):
        PENDING = "pending"
        PAID = "paid"
        FREED = "freed"
        REFUNDED = "refunded"

    # What the subject of its payment begins with.
    SUBJECT = "purchase:"

    reference = models.CharField(max_length=8, unique=True, default=new_reference, editable=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    pack = models.ForeignKey(CreditPack, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    credits = models.PositiveIntegerField()
    amount = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    valid_days = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="+")
    lot = models.OneToOneField(CreditLot, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("member", "pack"), condition=Q(status="pending"), name="one_open_purchase_per_member_and_pack"
            ),
            models.UniqueConstraint(
                fields=("member", "idempotency_key"), name="one_purchase_per_member_and_idempotency_key"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("paid", "refunded")) | Q(lot__isnull=False), name="paid_purchase_has_its_lot"
            ),
        )
        indexes = (
            models.Index(fields=("expires_at",), condition=Q(status="pending"), name="purchases_by_expiry"),
            models.Index(fields=("member", "-created_at"), name="purchases_of_member"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def subject(self) -> str:
        """How its payment and its messages name it."""
        return f"{self.SUBJECT}{self.reference}"

    def move(self, from_: Status, to: Status, **fields: Any) -> bool:
        """Change the status from the one given. False, and nothing written, when it is another by now."""
        if not PackPurchase.objects.filter(pk=self.pk, status=from_).update(status=to, **fields):
            return False
        self.status = to
        for name, value in fields.items():
            setattr(self, name, value)
        return True

    def end(self, from_: Status, to: Status, *, reason: str, now: datetime) -> bool:
        """The same, for an end: freed or refunded, for a stated reason.

        After `payment_rejected` the member was told that nothing is held: the key may then try again.
        """
        forgotten = {"idempotency_key": None} if reason == "payment_rejected" else {}
        return self.move(from_, to, ended_at=now, ended_reason=reason, **forgotten)
