from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from boundary.books import ReadOnlyAdmin
from members.acted import LoggedAdmin, log
from payments import purchases
from payments.currencies import MAXIMUM_AMOUNT, MINIMUM_AMOUNT, too_little
from payments.exceptions import NotRefundable, PackUsed
from payments.models import CreditPack, PackPurchase
from payments.serializers import LARGEST_GRANT, LONGEST_VALIDITY_DAYS

LIMITS = {"credits": LARGEST_GRANT, "amount": MAXIMUM_AMOUNT, "valid_days": LONGEST_VALIDITY_DAYS}


class PackForm(ModelForm):
    """The same refusals as the API's."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        for name, most in LIMITS.items():
            if name in cleaned and not 1 <= cleaned[name] <= most:
                self.add_error(name, f"From 1 to {most}.")
        amount, currency = cleaned.get("amount"), cleaned.get("currency")
        if currency not in MINIMUM_AMOUNT:
            self.add_error("currency", f"One of {', '.join(sorted(MINIMUM_AMOUNT))}.")
        elif why := too_little(amount, currency):
            self.add_error("amount", why)
        return cleaned


@admin.register(CreditPack)
class CreditPackAdmin(LoggedAdmin):
    """What is on sale; what was sold stays as it was sold."""

    called = "pack"
    form = PackForm
    list_display = ("name", "credits", "amount", "currency", "valid_days", "active")
    list_filter = ("active",)
    search_fields = ("name",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"currency": settings.STRIPE_CURRENCY, **super().get_changeform_initial_data(request)}

    def has_delete_permission(self, request: HttpRequest, obj: CreditPack | None = None) -> bool:
        return False


@admin.register(PackPurchase)
class PackPurchaseAdmin(ReadOnlyAdmin):
    """Purchases change by what members and payments do; here one looks, and takes an unused pack back."""

    list_display = ("reference", "member", "name", "credits", "amount", "currency", "status", "created_at")
    list_filter = ("status", "ended_reason")
    list_select_related = ("member",)
    search_fields = ("reference", "member__email", "member__name", "name")
    date_hierarchy = "created_at"
    actions = ("refund",)

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("payments.change_packpurchase"))

    @admin.action(description="Refund an unused pack", permissions=["refund"])
    def refund(self, request: HttpRequest, queryset: QuerySet[PackPurchase]) -> None:
        now, refunded, kept = timezone.now(), 0, []
        for purchase in queryset:
            try:
                _refund(request, purchase, now)
                refunded += 1
            except (NotRefundable, PackUsed) as refusal:
                kept.append(f"{purchase.reference}: {refusal.detail}")
        self.message_user(request, " ".join([f"{refunded} refunds are owed.", *kept]))


@transaction.atomic
def _refund(request: HttpRequest, purchase: PackPurchase, now: datetime) -> None:
    refunded = purchases.refund_unused(purchase, now=now)
    told = {"status": refunded.status, "member": refunded.member_id, "amount": refunded.amount}
    log(request, "refund_pack", refunded.subject, before={"status": PackPurchase.Status.PAID}, after=told)
