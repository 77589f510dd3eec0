"""How sessions and bookings read in JSON.

What goes out is a dictionary made by hand, for the model serializer costs more than the query; the declared fields draw
the OpenAPI document and check what comes in. A test holds the two together.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import serializers

from booking import session_changes
from booking.models import Booking, BookingTransition, ClassSession, WaitlistEntry
from booking.policy import EARLIEST, LATEST, MOST_CREDITS, MOST_SEATS, too_few_seats
from members.requests import member_of
from payments.currencies import MAXIMUM_AMOUNT, MINIMUM_AMOUNT, too_little

WITHIN_A_CENTURY = (MinValueValidator(EARLIEST), MaxValueValidator(LATEST))


class SessionSerializer(serializers.ModelSerializer):
    starts_at = serializers.DateTimeField(validators=WITHIN_A_CENTURY)
    ends_at = serializers.DateTimeField(validators=WITHIN_A_CENTURY)
    capacity = serializers.IntegerField(min_value=0, max_value=MOST_SEATS)
    amount = serializers.IntegerField(min_value=0, max_value=MAXIMUM_AMOUNT, help_text="Minor units; 0 is free.")
    currency = serializers.ChoiceField(choices=sorted(MINIMUM_AMOUNT), required=False)
    credits_required = serializers.IntegerField(min_value=0, max_value=MOST_CREDITS, required=False)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    seats_available = serializers.IntegerField(read_only=True)
    bookable = serializers.BooleanField(read_only=True)

    class Meta:
        model = ClassSession
        fields = (
            "id",
            "title",
            "description",
            "instructor",
            "location",
            "starts_at",
            "ends_at",
            "capacity",
            "seats_available",
            "amount",
            "currency",
            "credits_required",
            "status",
            "bookable",
        )
        read_only_fields = ("id", "status")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        old = self.instance
        if old is None:
            attrs.setdefault("currency", settings.STRIPE_CURRENCY)
        names = ("starts_at", "ends_at", "currency", "amount", "capacity")
        after: dict[str, Any] = {name: attrs.get(name, getattr(old, name, None)) for name in names}
        if after["ends_at"] <= after["starts_at"]:
            raise serializers.ValidationError({"ends_at": "A session ends after it starts."})
        if why := too_little(after["amount"], after["currency"]):
            raise serializers.ValidationError({"amount": f"{why} 0 is free."})
        if old is not None and (why := too_few_seats(taken=old.seats_taken, capacity=after["capacity"])):
            raise serializers.ValidationError({"capacity": why})
        return attrs

    def update(self, instance: ClassSession, validated_data: dict[str, Any]) -> ClassSession:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        try:
            with transaction.atomic():
                actor = member_of(self.context["request"])
                session_changes.write(instance, changed=validated_data, actor=actor, now=timezone.now())
        except IntegrityError as error:  # a seat was taken since we looked
            raise serializers.ValidationError({"capacity": "More seats than that are taken already."}) from error
        instance.refresh_from_db()
        return instance

    def to_representation(self, instance: ClassSession) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "title": instance.title,
            "description": instance.description,
            "instructor": instance.instructor,
            "location": instance.location,
            "starts_at": instance.starts_at,
            "ends_at": instance.ends_at,
            "capacity": instance.capacity,
            "seats_available": instance.seats_available,
            "amount": instance.amount,
            "currency": instance.currency,
            "credits_required": instance.credits_required,
            "status": instance.status,
            "bookable": instance.is_open(timezone.now()) and instance.seats_available > 0,
        }


class BookingSerializer(serializers.ModelSerializer):
    amount = serializers.IntegerField(read_only=True)
    credits_spent = serializers.IntegerField(read_only=True)

    class Meta:
        model = Booking
        fields = (
            "reference",
            "status",
            "session",
            "paid_with",
            "amount",
            "currency",
            "credits_spent",
            "created_at",
            "expires_at",
            "paid_at",
            "ended_at",
            "ended_reason",
            "checked_in_at",
        )
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "paid_with": {"allow_null": True},
            "ended_reason": {"allow_null": True},
        }

    def to_representation(self, instance: Booking) -> dict[str, Any]:
        return {
            "reference": instance.reference,
            "status": instance.status,
            "session": instance.session_id,
            "paid_with": instance.paid_with or None,
            "amount": instance.amount,
            "currency": instance.currency,
            "credits_spent": instance.credits_spent,
            "created_at": instance.created_at,
            "expires_at": instance.expires_at,
            "paid_at": instance.paid_at,
            "ended_at": instance.ended_at,
            "ended_reason": instance.ended_reason or None,
            "checked_in_at": instance.checked_in_at,
        }


class BookedSerializer(BookingSerializer):
    """The answer to a booking; when a card has to pay, what the browser needs to pay with."""

    stripe_client_secret = serializers.CharField(required=False)
    stripe_publishable_key = serializers.CharField(required=False)

    class Meta:
        model = Booking
        fields = (*BookingSerializer.Meta.fields, "stripe_client_secret", "stripe_publishable_key")
        read_only_fields = fields
        extra_kwargs = BookingSerializer.Meta.extra_kwargs


# Cash is taken by staff, at the desk.
BY_ONESELF = [choice for choice in Booking.PayWith.choices if choice[0] != Booking.PayWith.DESK]


class BookSerializer(serializers.Serializer):
    pay_with = serializers.ChoiceField(choices=BY_ONESELF, default=Booking.PayWith.AUTO)


class CancelSerializer(serializers.Serializer):
    quote = serializers.CharField(required=False, allow_null=True, max_length=2000)


RETURNS = [(way, way) for way in ("card", "credits", "desk", "nothing")]


class CancellationSerializer(serializers.Serializer):
    """What cancelling returns: these terms hold `until` then, and the quote keeps them until it expires."""

    returns = serializers.ChoiceField(choices=RETURNS)
    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()
    credits = serializers.IntegerField()
    until = serializers.DateTimeField()
    quote = serializers.CharField()
    quote_expires_at = serializers.DateTimeField()


class EndingSerializer(serializers.Serializer):
    """What became of one booking of a cancelled session; when it is not done yet, why."""

    reference = serializers.CharField()
    status = serializers.ChoiceField(choices=Booking.Status.choices)
    returns = serializers.ChoiceField(choices=RETURNS)
    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()
    credits = serializers.IntegerField()
    done = serializers.BooleanField()
    why = serializers.CharField(allow_blank=True)


class SessionCancellationSerializer(serializers.Serializer):
    status = serializers.ChoiceField(choices=ClassSession.Status.choices)
    bookings = EndingSerializer(many=True)


class TransitionSerializer(serializers.ModelSerializer):
    to = serializers.CharField(source="to_status")

    class Meta:
        model = BookingTransition
        fields = ("to", "reason", "by", "at")

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python's, so it cannot be declared above.
        return {"from": serializers.CharField(source="from_status", allow_null=True), **super().get_fields()}

    def to_representation(self, instance: BookingTransition) -> dict[str, Any]:
        return {
            "from": instance.from_status or None,
            "to": instance.to_status,
            "reason": instance.reason,
            "by": instance.by,
            "at": instance.at,
        }


class PlaceSerializer(serializers.Serializer):
    """The answer to joining a waitlist: which one in line, from 1 on."""

    position = serializers.IntegerField()


WAITLIST_STATES = [(state, state) for state in ("waiting", "offered", "taken", "lapsed", "left")]


class WaitlistEntrySerializer(serializers.ModelSerializer):
    """A place in line. An offer is a pending booking: it is taken by booking the session, until `expires_at`."""

    status = serializers.ChoiceField(choices=WAITLIST_STATES, read_only=True)
    position = serializers.IntegerField(allow_null=True, read_only=True)
    booking = serializers.CharField(allow_null=True, read_only=True)
    expires_at = serializers.DateTimeField(allow_null=True, read_only=True)

    class Meta:
        model = WaitlistEntry
        fields = ("session", "status", "position", "booking", "expires_at", "joined_at")
        read_only_fields = fields

    def to_representation(self, instance: WaitlistEntry) -> dict[str, Any]:
        state = instance.state
        return {
            "session": instance.session_id,
            "status": state,
            "position": vars(instance)["position"] if state == "waiting" else None,
            "booking": instance.offer.reference if instance.offer else None,
            "expires_at": instance.offer.expires_at if instance.offer and state == "offered" else None,
            "joined_at": instance.joined_at,
        }


class ConfigSerializer(serializers.Serializer):
    payments_enabled = serializers.BooleanField()
    stripe_publishable_key = serializers.CharField()
    stripe_js_url = serializers.URLField(help_text="The Stripe.js that pages load: Stripe's, or the sandbox's.")
    currency = serializers.CharField()
    hold_minutes = serializers.IntegerField()
    time_zone = serializers.CharField()
    server_time = serializers.DateTimeField()


class CalendarAddressSerializer(serializers.Serializer):
    url = serializers.URLField(help_text="Shown this once: it is a secret that opens the calendar.")


class CalendarStateSerializer(serializers.Serializer):
    active = serializers.BooleanField()
    created_at = serializers.DateTimeField(allow_null=True)
