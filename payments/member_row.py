"""One row of a file of members, held to what the API asks of members and of grants."""

from datetime import date
from typing import Any

from rest_framework import serializers

from members.models import ERASED_HOST, Member
from members.serializers import NewMemberSerializer
from payments.serializers import LARGEST_GRANT

COLUMNS = ("email", "name", "phone", "whatsapp_opt_in", "credits", "credits_expire_on", "note")
REQUIRED = ("email",)
LAST_YEAR = 2100


class MemberRow(NewMemberSerializer):
    """One row of the file: a member as staff create one over the API, and their opening balance."""

    password = None  # type: ignore[assignment]
    whatsapp_opt_in = serializers.BooleanField(required=False)
    credits = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST_GRANT)
    credits_expire_on = serializers.DateField(required=False)
    note = serializers.CharField(required=False, max_length=200)

    class Meta:
        model = Member
        fields = COLUMNS

    def validate_email(self, value: str) -> str:
        """A member who is there is no mistake here; one who was erased stays so."""
        if value.lower().endswith(f"@{ERASED_HOST}"):
            raise serializers.ValidationError("This address is of nobody: its member was erased.")
        return value.lower()

    def validate_credits_expire_on(self, value: date) -> date:
        if value.year >= LAST_YEAR:
            raise serializers.ValidationError(f"Before {LAST_YEAR}.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        alone = [name for name in ("credits_expire_on", "note") if name in attrs and not attrs.get("credits")]
        if alone:
            raise serializers.ValidationError(dict.fromkeys(alone, "It says something of credits, and there are none."))
        return attrs
