from typing import Any, ClassVar

from rest_framework import serializers

from booking.models import Booking
from members.serializers import E164Field


class ComingSerializer(serializers.Serializer):
    """Whoever comes, as the roster names them."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.EmailField()
    phone = E164Field()


class RosterRowSerializer(serializers.ModelSerializer):
    member = ComingSerializer()
    amount = serializers.IntegerField(read_only=True)

    class Meta:
        model = Booking
        fields = ("reference", "status", "paid_with", "amount", "currency", "member", "checked_in_at")
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {"paid_with": {"allow_null": True}}

    def to_representation(self, instance: Booking) -> dict[str, Any]:
        return {
            "reference": instance.reference,
            "status": instance.status,
            "paid_with": instance.paid_with or None,
            "amount": instance.amount,
            "currency": instance.currency,
            "member": ComingSerializer(instance.member).data,
            "checked_in_at": instance.checked_in_at,
        }
