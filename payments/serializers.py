from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from members.models import Member
from members.requests import may
from payments.currencies import MAXIMUM_AMOUNT, MINIMUM_AMOUNT, too_little
from payments.models import CreditEntry, CreditLot, CreditPack, PackPurchase

LARGEST_GRANT = 100_000
LONGEST_VALIDITY_DAYS = 3650
ENTRIES_SHOWN = 100


class LotSerializer(serializers.ModelSerializer):
    remaining = serializers.IntegerField(read_only=True)
    granted = serializers.IntegerField(read_only=True)

    class Meta:
        model = CreditLot
        fields = ("remaining", "granted", "expires_at", "source")


class EntrySerializer(serializers.ModelSerializer):
    subject = serializers.CharField(source="spend.subject", default=None, allow_null=True)
    note = serializers.CharField(source="lot.note")
    at = serializers.DateTimeField(source="created_at")
    credits = serializers.IntegerField(read_only=True)

    class Meta:
        model = CreditEntry
        fields = ("kind", "credits", "subject", "note", "at")


class CreditsSerializer(serializers.Serializer):
    """What a member has: the sum, the lots it stands in, and the latest hundred movements."""

    balance = serializers.IntegerField()
    lots = LotSerializer(many=True)
    entries = EntrySerializer(many=True)


class GrantSerializer(serializers.Serializer):
    member = serializers.PrimaryKeyRelatedField(queryset=Member.objects.all())
    credits = serializers.IntegerField(min_value=1, max_value=LARGEST_GRANT)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=200)

    def validate_expires_at(self, value: Any) -> Any:
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("Credits cannot expire in the past.")
        return value


class GrantedSerializer(serializers.ModelSerializer):
    credits = serializers.IntegerField(source="granted", read_only=True)
    remaining = serializers.IntegerField(read_only=True)

    class Meta:
        model = CreditLot
        fields = ("id", "member", "credits", "remaining", "expires_at", "source", "note", "created_at")


class PackSerializer(serializers.ModelSerializer):
    credits = serializers.IntegerField(min_value=1, max_value=LARGEST_GRANT)
    amount = serializers.IntegerField(min_value=1, max_value=MAXIMUM_AMOUNT, help_text="Minor units.")
    currency = serializers.ChoiceField(choices=sorted(MINIMUM_AMOUNT), required=False)
    valid_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_VALIDITY_DAYS, help_text="Days from the payment until the credits expire."
    )
    active = serializers.BooleanField(required=False, help_text="Whether it is sold; only staff are told.")

    class Meta:
        model = CreditPack
        fields = ("id", "name", "credits", "amount", "currency", "valid_days", "active")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs.setdefault("currency", settings.STRIPE_CURRENCY)
        amount, currency = (attrs.get(name, getattr(self.instance, name, None)) for name in ("amount", "currency"))
        if why := too_little(amount, str(currency)):
            raise serializers.ValidationError({"amount": why})
        return attrs

    def to_representation(self, instance: CreditPack) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not may(self.context["request"], "payments.view_creditpack"):
            del shown["active"]
        return shown


class PurchaseSerializer(serializers.ModelSerializer):
    """A purchase as it was sold, whatever became of the pack."""

    purchase = serializers.CharField(source="reference", read_only=True)
    credits = serializers.IntegerField(read_only=True)
    amount = serializers.IntegerField(read_only=True)
    valid_days = serializers.IntegerField(read_only=True)
    ended_reason = serializers.SerializerMethodField()

    class Meta:
        model = PackPurchase
        fields = (
            "purchase",
            "status",
            "pack",
            "name",
            "credits",
            "amount",
            "currency",
            "valid_days",
            "created_at",
            "expires_at",
            "paid_at",
            "ended_at",
            "ended_reason",
        )
        read_only_fields = fields

    def get_ended_reason(self, purchase: PackPurchase) -> str | None:
        return purchase.ended_reason or None


class BoughtSerializer(PurchaseSerializer):
    """The answer to a purchase; while it can be paid, what the browser needs to pay with."""

    stripe_client_secret = serializers.CharField(required=False)
    stripe_publishable_key = serializers.CharField(required=False)

    class Meta:
        model = PackPurchase
        fields = (*PurchaseSerializer.Meta.fields, "stripe_client_secret", "stripe_publishable_key")
        read_only_fields = fields
