from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated

from members.models import Member
from members.phones import validate_possible


class E164Field(serializers.CharField):
    """E.164 both ways; empty where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, allow_blank=True, required=False, validators=(validate_possible,), **kwargs)

    def to_representation(self, value: Any) -> str:
        return str(value.as_e164) if value else ""


class MemberSerializer(serializers.ModelSerializer):
    phone = E164Field()

    class Meta:
        model = Member
        fields = ("id", "email", "name", "phone", "whatsapp_opt_in", "is_staff")
        read_only_fields = ("id", "email", "is_staff")

    def update(self, instance: Member, validated_data: dict[str, Any]) -> Member:
        """Writes what was sent and nothing else: the row may have been deactivated since it was read.

        NotAuthenticated when its member was erased since: what has been forgotten is not written again.
        """
        # The address changes with the erasure and never otherwise.
        same = Member.objects.filter(pk=instance.pk, email=instance.email)
        if validated_data and not same.update(**validated_data):
            raise NotAuthenticated
        for name, value in validated_data.items():
            setattr(instance, name, value)
        return instance


class NewMemberSerializer(serializers.ModelSerializer):
    """What staff send to create a member; without a password the member sets one by the reset mail."""

    email = serializers.EmailField(max_length=254)
    phone = E164Field()
    password = serializers.CharField(write_only=True, required=False, max_length=128, trim_whitespace=False)

    class Meta:
        model = Member
        fields = ("email", "name", "phone", "password")

    def validate_email(self, value: str) -> str:
        if Member.objects.filter(email=value.lower()).exists():
            raise serializers.ValidationError("A member with this e-mail exists.", code="unique")
        return value.lower()

    def validate_password(self, value: str) -> str:
        try:
            validate_password(value)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return value

    def create(self, validated_data: dict[str, Any]) -> Member:
        member = Member.objects.create_user(**validated_data)
        member.refresh_from_db()
        return member
