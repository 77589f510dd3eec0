"""One row of a file of sessions, held to what the API asks of a session."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework import serializers

from booking.models import ClassSession, SessionType
from booking.policy import MOST_SEATS
from booking.price_form import A_DAY
from booking.serializers import WITHIN_A_CENTURY, SessionSerializer
from boundary import studio_clock
from payments.currencies import MAXIMUM_AMOUNT

COLUMNS = (
    "title",
    "session_type",
    "starts_at",
    "ends_at",
    "minutes",
    "capacity",
    "amount",
    "currency",
    "credits_required",
    "instructor",
    "location",
    "description",
)
REQUIRED = ("starts_at",)


class WallTime(serializers.DateTimeField):
    """A moment by the studio's clock, or with an offset. What comes twice is the first; see `studio_clock`."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
            moment = found.astimezone(UTC) if found.tzinfo else studio_clock.moment(found.date(), found.time())
        except (ValueError, OverflowError) as error:
            raise serializers.ValidationError(f"{value!r} is not a moment, as 2027-01-31 18:00.") from error
        if ":" not in value:
            raise serializers.ValidationError(f"{value!r} says no time, as 2027-01-31 18:00 does.")
        # In a rule somebody's class moves on by an hour; here somebody can say what is meant.
        if not found.tzinfo and moment.astimezone(studio_clock.zone()).replace(tzinfo=None) != found:
            raise serializers.ValidationError(f"The clocks skip {value}; write it with its offset, as 18:00+01:00.")
        return moment


class MinorUnits(serializers.IntegerField):
    """An amount as everywhere here, in minor units: 12.00 is refused, for as a number it would be 12 pence."""

    def to_internal_value(self, data: Any) -> int:
        if not str(data).isdecimal():
            raise serializers.ValidationError(f"{data!r} is not in whole minor units: 12.00 pounds are written 1200.")
        return super().to_internal_value(data)


class SessionRow(SessionSerializer):
    """What a row says of a session, and no more: what its kind says comes in when it is new."""

    title = serializers.CharField(required=False, max_length=200)
    session_type = serializers.CharField(required=False)
    starts_at = WallTime(validators=WITHIN_A_CENTURY)
    ends_at = WallTime(required=False, validators=WITHIN_A_CENTURY)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=A_DAY)
    capacity = serializers.IntegerField(required=False, min_value=0, max_value=MOST_SEATS)
    amount = MinorUnits(required=False, min_value=0, max_value=MAXIMUM_AMOUNT)

    class Meta:
        model = ClassSession
        fields = COLUMNS

    def validate_session_type(self, value: str) -> SessionType:
        kind = self.context["kinds"].get(value)
        if kind is None:
            raise serializers.ValidationError(f"There is no kind of session named {value!r}.")
        return kind

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The rules of sessions are asked later, beside what the kind says, or what is there already."""
        if "title" not in attrs and "session_type" not in attrs:
            raise serializers.ValidationError({"title": "Give a title, or a session_type."})
        if "ends_at" in attrs and "minutes" in attrs:
            raise serializers.ValidationError({"minutes": "Give ends_at or minutes, not both."})
        if "minutes" in attrs:
            attrs["ends_at"] = attrs["starts_at"] + timedelta(minutes=attrs.pop("minutes"))
        if "title" not in attrs:
            attrs["title"] = attrs["session_type"].name
        return {"location": "", **attrs}


def of_its_kind(cells: dict[str, Any]) -> dict[str, Any]:
    """A new session as its row wants it, and otherwise as its kind is; what neither says is refused."""
    kind: SessionType | None = cells.get("session_type")
    drawn: dict[str, Any] = {}
    if kind is not None:
        names = ("description", "capacity", "amount", "currency", "credits_required")
        drawn = {name: getattr(kind, name) for name in names}
        drawn["ends_at"] = cells["starts_at"] + timedelta(minutes=kind.minutes)
    values = {**drawn, **cells}
    if unsaid := [name for name in ("ends_at", "capacity", "amount") if name not in values]:
        raise serializers.ValidationError(dict.fromkeys(unsaid, "This field is required."))
    return values
