from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from django_filters.fields import BaseCSVField

from booking.models import Booking, ClassSession
from booking.policy import EARLIEST, LATEST

# Wider than a schedule can be: a frontend may ask for "everything since 1970".
SENSIBLE = (
    MinValueValidator(EARLIEST - timedelta(days=365 * 100)),
    MaxValueValidator(LATEST + timedelta(days=365 * 100)),
)


MOST_IDS = 100


class FewIds(BaseCSVField):
    """Ids with commas between them, not too many at a time."""

    def clean(self, value: list[Any] | None) -> Any:
        if value and len(value) > MOST_IDS:
            raise ValidationError(f"At most {MOST_IDS} at a time.", code="invalid")
        return super().clean(value)


class Ids(filters.BaseInFilter):
    base_field_class = FewIds
    field_class = forms.IntegerField


class SessionFilter(filters.FilterSet):
    ids = Ids(
        field_name="id", min_value=0, max_value=2**63 - 1, label="only these, with commas between them; 100 at most"
    )
    starts_after = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="gte", validators=SENSIBLE)
    starts_before = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="lt", validators=SENSIBLE)
    available = filters.BooleanFilter(method="only_available", label="true: only sessions that can be booked now")
    instructor = filters.CharFilter(lookup_expr="iexact")
    search = filters.CharFilter(method="contains", label="in title, description, instructor or location")

    class Meta:
        model = ClassSession
        fields = ("ids", "starts_after", "starts_before", "available", "instructor", "search")

    def only_available(self, rows: QuerySet[ClassSession], name: str, value: bool) -> QuerySet[ClassSession]:
        if not value:
            return rows
        return rows.filter(
            status=ClassSession.Status.SCHEDULED, starts_at__gt=timezone.now(), seats_taken__lt=F("capacity")
        )

    def contains(self, rows: QuerySet[ClassSession], name: str, value: str) -> QuerySet[ClassSession]:
        found = Q()
        for field in ("title", "description", "instructor", "location"):
            found |= Q(**{f"{field}__icontains": value})
        return rows.filter(found)


class BookingFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=Booking.Status.choices)
    upcoming = filters.BooleanFilter(
        method="only_upcoming", label="true: only of sessions that have not begun; false: only of those that have"
    )
    mine = filters.BooleanFilter(method="only_mine", label="true: only one's own, for staff too")

    class Meta:
        model = Booking
        fields = ("status", "upcoming", "mine")

    def only_upcoming(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        now = timezone.now()
        return rows.filter(session__starts_at__gt=now) if value else rows.filter(session__starts_at__lte=now)

    def only_mine(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(member=self.request.user) if value else rows
