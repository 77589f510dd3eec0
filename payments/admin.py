from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import CharField, HiddenInput, IntegerField, ModelForm
from django.http import HttpRequest
from django.utils import timezone

from boundary.books import ReadOnlyAdmin
from members.acted import log
from members.requests import staff_of
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
        failed = queryset.filter(status=Refund.Status.FAILED).select_related("payment")
        done = sum(_owe_again(request, refund, now) for refund in failed)
        self.message_user(request, f"{done} owed again; the rest has been returned already or has not failed.")


def _owe_again(request: HttpRequest, refund: Refund, now: datetime) -> bool:
    with transaction.atomic():
        again = refunds.owe_again(refund.pk, now=now)
        if again is not None and again.created_at == now:  # else an earlier press of the button did it
            told = {"refund": again.pk, "amount": again.amount, "currency": again.currency}
            log(request, "owe_refund_again", refund.payment.subject, before={"refund": refund.pk}, after=told)
    return again is not None


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
        rows = sum(_tick_off(request, money, timezone.now()) for money in queryset.filter(resolved_at=None))
        self.message_user(request, f"{rows} marked as dealt with.")


@transaction.atomic
def _tick_off(request: HttpRequest, money: UnmatchedMoney, now: datetime) -> int:
    """Whether it was this press of the button: of two at once, one."""
    open_ = UnmatchedMoney.objects.filter(pk=money.pk, resolved_at=None)
    done = open_.update(resolved_at=now, resolved_by=staff_of(request))
    if done:
        told = {"resolved_at": now, "amount": money.amount, "currency": money.currency}
        log(request, "tick_off", f"money:{money.stripe_id}"[:64], before={"resolved_at": None}, after=told)
    return done


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
        lot, created = credits.grant(
            member=obj.member,
            credits=obj.granted,
            note=obj.note,
            expires_at=obj.expires_at,
            granted_by=staff_of(request),
            now=timezone.now(),
            idempotency_key=obj.idempotency_key,
        )
        obj.pk = lot.pk
        if created:
            told = {"member": obj.member_id, "credits": obj.granted, "expires_at": obj.expires_at}
            log(request, "grant_credits", f"credits:{lot.pk}", after=told, reason=obj.note)
