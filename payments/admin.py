from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import CharField, HiddenInput, IntegerField, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from boundary.books import ReadOnlyAdmin
from payments import credits, refunds
from payments.models import (
    CreditEntry,
    CreditLot,
    CreditSpend,
    Dispute,
    Payment,
    Reconciliation,
    Refund,
    StripeEvent,
    UnmatchedMoney,
)
from payments.pack_admin import CreditPackAdmin, PackPurchaseAdmin
from payments.serializers import LARGEST_GRANT

__all__ = ["CreditPackAdmin", "PackPurchaseAdmin"]


class GrantForm(ModelForm):
    """The same refusals as the API's, and a key of its own: a form sent twice grants once."""

    idempotency_key = CharField(widget=HiddenInput, initial=uuid4)
    granted = IntegerField(label="Credits", min_value=1, max_value=LARGEST_GRANT)

    class Meta:
        model = CreditLot
        fields = ("member", "granted", "expires_at", "note", "idempotency_key")

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError("Credits cannot expire in the past.")
        return expires_at

    def validate_unique(self) -> None:
        """A key that is there already is a form sent twice: the ledger answers with the lot it made."""


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("subject", "member", "amount", "currency", "status", "review_reason", "created_at")
    list_filter = ("status", "currency")
    list_select_related = ("member",)
    search_fields = ("subject", "stripe_intent_id", "member__email", "reference")
    date_hierarchy = "created_at"


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Refunds are sent by `submit_refunds`; here one looks, and owes a failed one again."""

    list_display = ("payment", "amount", "currency", "reason", "status", "failure_code", "due_at", "created_at")
    list_filter = ("status", "reason")
    list_select_related = ("payment",)
    search_fields = ("stripe_refund_id", "payment__subject", "payment__stripe_intent_id")
    actions = ("owe_again",)

    def has_owe_again_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.change_refund"))

    @admin.action(description="Owe the failed refunds again", permissions=["owe_again"])
    def owe_again(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        now = timezone.now()
        owed = [refunds.owe_again(refund.pk, now=now) for refund in queryset.filter(status=Refund.Status.FAILED)]
        done = sum(again is not None for again in owed)
        self.message_user(request, f"{done} owed again; the rest has been returned already or has not failed.")


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ("stripe_dispute_id", "payment", "amount", "currency", "reason", "status", "created_at", "closed_at")
    list_filter = ("status",)
    list_select_related = ("payment",)


@admin.register(UnmatchedMoney)
class UnmatchedMoneyAdmin(ReadOnlyAdmin):
    """The queue of money that belongs to nothing here: return it or book for it at Stripe, then tick it off."""

    list_display = ("stripe_id", "amount", "currency", "why", "payment", "found_at", "resolved_at", "resolved_by")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter),)
    list_select_related = ("payment", "resolved_by")
    search_fields = ("stripe_id", "payment__subject")
    actions = ("tick_off",)

    def has_tick_off_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.change_unmatchedmoney"))

    @admin.action(description="Mark as dealt with", permissions=["tick_off"])
    def tick_off(self, request: HttpRequest, queryset: QuerySet[UnmatchedMoney]) -> None:
        rows = queryset.filter(resolved_at=None).update(resolved_at=timezone.now(), resolved_by=request.user)
        self.message_user(request, f"{rows} marked as dealt with.")


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """What `reconcile_payments` has compared and found, run by run."""

    list_display = ("since", "reached", "repairs", "found", "left", "started_at", "finished_at")
    list_filter = ("repairs",)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ("event_id", "type", "payment", "created_at", "received_at")
    list_filter = ("type",)
    list_select_related = ("payment",)
    search_fields = ("event_id", "payment__subject")


@admin.register(CreditSpend)
class CreditSpendAdmin(ReadOnlyAdmin):
    list_display = ("subject", "member", "credits", "created_at")
    list_select_related = ("member",)
    search_fields = ("subject", "member__email")


@admin.register(CreditEntry)
class CreditEntryAdmin(ReadOnlyAdmin):
    list_display = ("lot", "kind", "credits", "spend", "created_at")
    list_filter = ("kind",)
    list_select_related = ("lot", "spend")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """By whose they are too, as a member's page asks."""
        return lookup == "lot__member__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


@admin.register(CreditLot)
class CreditLotAdmin(ReadOnlyAdmin):
    """Adding a lot grants credits; a lot is never edited afterwards."""

    list_display = ("member", "remaining", "granted", "expires_at", "source", "note", "granted_by", "created_at")
    list_select_related = ("member", "granted_by")
    search_fields = ("member__email", "member__name", "note")
    form = GrantForm
    fields = ("member", "granted", "expires_at", "note", "idempotency_key")
    autocomplete_fields = ("member",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.add_creditlot"))

    def save_model(self, request: HttpRequest, obj: CreditLot, form: Any, change: bool) -> None:
        lot, _ = credits.grant(
            member=obj.member,
            credits=obj.granted,
            note=obj.note,
            expires_at=obj.expires_at,
            granted_by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
            idempotency_key=obj.idempotency_key,
        )
        obj.pk = lot.pk
