"""What recurs: kinds of sessions, the rules that put them into the week, and the days on which nothing is on."""

from datetime import date, datetime

from dateutil.rrule import rrulestr
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from booking import tiers


def is_tiers(text: str) -> None:
    """Refuses what `CANCELLATION_TIERS` would refuse."""
    try:
        tiers.read(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def is_recurrence(text: str) -> None:
    """Refuses what is no recurrence of days: when it begins, its time and its end stand in fields of their own."""
    parts = dict(part.partition("=")[::2] for part in text.upper().split(";"))
    if not set(parts) <= {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "BYMONTH", "WKST"}:
        raise ValidationError("Only FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYSETPOS, BYMONTH and WKST are understood.")
    if parts.get("INTERVAL", "1").strip("0") == "":
        raise ValidationError("INTERVAL is 1 or more.")
    if parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise ValidationError("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.")
    try:
        rrulestr(text.upper(), dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - wall time has no zone
    except (ValueError, TypeError, KeyError) as error:
        raise ValidationError(f"Not a recurrence (RFC 5545): {error}") from error


class SessionType(models.Model):
    """A kind of session: what one of it is like unless its rule, or the session itself, says otherwise."""

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True, max_length=5000)
    minutes = models.PositiveIntegerField(help_text="How long it takes.")
    capacity = models.PositiveIntegerField()
    amount = models.PositiveIntegerField(help_text="Price in minor units (pence, cents); 0 is free.")
    currency = models.CharField(max_length=3)
    credits_required = models.PositiveIntegerField(default=0, help_text="0: credits cannot pay for it.")
    cancellation_tiers = models.CharField(
        max_length=200,
        blank=True,
        validators=(is_tiers,),
        help_text="hours:percent or hours:percent:fee, as 48:100,24:50,2:25:200. Empty: the studio's own.",
    )

    class Meta:
        ordering = ("name",)
        constraints = (models.CheckConstraint(condition=Q(minutes__gt=0), name="a_session_takes_time"),)

    def __str__(self) -> str:
        return self.name


class TimetableRule(models.Model):
    """A class that recurs, in the studio's wall time: 18:00 stays 18:00 when the clocks change."""

    session_type = models.ForeignKey(SessionType, on_delete=models.PROTECT, related_name="+")
    recurrence = models.CharField(
        max_length=200,
        validators=(is_recurrence,),
        help_text="RFC 5545, as FREQ=WEEKLY;BYDAY=MO,WE or FREQ=MONTHLY;BYDAY=1SA.",
    )
    starts_on = models.DateField(
        help_text="The first day it can be on; counted from here when it is every second week."
    )
    ends_on = models.DateField(null=True, blank=True, help_text="The last day it can be on. Empty: for good.")
    at = models.TimeField(help_text="In the studio's time.")
    instructor = models.CharField(max_length=120, blank=True)
    location = models.CharField(max_length=200, blank=True)
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as its type says.")
    amount = models.PositiveIntegerField(null=True, blank=True, help_text="Minor units. Empty: as its type says.")
    credits_required = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as its type says.")

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="rule_ends_after_it_starts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.session_type} {self.at:%H:%M} {self.recurrence}"

    def days(self, first: date, last: date) -> list[date]:
        """The days from `first` to `last` on which it recurs; what is closed is still among them."""
        last = min(last, self.ends_on) if self.ends_on else last
        if last < max(first, self.starts_on):
            return []
        begin, midnight = datetime.min.time(), datetime.combine
        recurring = rrulestr(self.recurrence.upper(), dtstart=midnight(self.starts_on, begin))
        return [found.date() for found in recurring.between(midnight(first, begin), midnight(last, begin), inc=True)]


class Closure(models.Model):
    """Days without sessions: a holiday of the studio, or of one rule alone."""

    first = models.DateField()
    last = models.DateField()
    rule = models.ForeignKey(
        TimetableRule,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="closures",
        help_text="Empty: the whole studio.",
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("first", "id")
        constraints = (models.CheckConstraint(condition=Q(last__gte=F("first")), name="closure_ends_after_it_starts"),)

    def __str__(self) -> str:
        return f"{self.first} – {self.last} {self.reason}".strip()
