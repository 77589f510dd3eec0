from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from payments import credits
from payments.models import CreditEntry, CreditLot, CreditSpend, Payment, Refund, StripeEvent


class ReadOnlyAdmin(admin.ModelAdmin):
    """The books: written by the program alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("subject", "member", "amount", "currency", "status", "review_reason", "created_at")
    list_filter = ("status", "currency")
    list_select_related = ("member",)
    search_fields = ("subject", "stripe_intent_id", "member__email", "reference")
    date_hierarchy = "created_at"


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ("payment", "amount", "currency", "reason", "status", "created_at")
    list_filter = ("status", "reason")
    list_select_related = ("payment",)


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


@admin.register(CreditLot)
class CreditLotAdmin(ReadOnlyAdmin):
    """Adding a lot grants credits; a lot is never edited afterwards."""

    list_display = ("member", "remaining", "granted", "expires_at", "source", "note", "granted_by", "created_at")
    list_select_related = ("member", "granted_by")
    search_fields = ("member__email", "member__name", "note")
    fields = ("member", "granted", "expires_at", "note")
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
        )
        obj.pk = lot.pk
