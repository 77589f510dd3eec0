from typing import Any

from django.utils import timezone
from rest_framework import serializers

from boundary.envelope import RefusalSerializer as RefusalSerializer
from members.models import Member
from payments.models import CreditEntry, CreditLot

LARGEST_GRANT = 100_000
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
