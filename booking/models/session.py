from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q

from booking.models.timetable import SessionType, TimetableRule


class ClassSession(models.Model):
    """One class at one time. Its seats are counted on the row and move only through `booking.seats`.

    `revision` counts what a calendar must be told of: another title, time or place. `extra_seats` are those of its
    capacity that the desk has added for who stood at the door: there while every seat is taken, gone with the next that
    is given back, and none any more once staff say what the capacity is.
    """

    REVISED_BY = ("title", "starts_at", "ends_at", "location")
    COUNTED = ("seats_taken", "extra_seats", "revision", "moved_at")

    class Status(models.TextChoices):
        SCHEDULED = "scheduled"
        CANCELLED = "cancelled"

    # The row as it stood before the last `save` of this object.
    before: "ClassSession | None" = None

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=5000)
    instructor = models.CharField(max_length=120, blank=True)
    location = models.CharField(max_length=200, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField()
    seats_taken = models.PositiveIntegerField(default=0, editable=False)
    extra_seats = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    amount = models.PositiveIntegerField(help_text="Price in minor units (pence, cents); 0 is free.")
    currency = models.CharField(max_length=3)
    credits_required = models.PositiveIntegerField(default=0, help_text="0: credits cannot pay for it.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.SCHEDULED)
    session_type = models.ForeignKey(SessionType, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(
        TimetableRule, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    occurs_on = models.DateField(
        null=True,
        blank=True,
        editable=False,
        help_text="The day of its rule that it stands for, wherever it was moved.",
    )
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    moved_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it was last moved in time or place, and members told."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("starts_at", "id")
        permissions = (("cancel_classsession", "Can cancel sessions and return everything"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(seats_taken__gte=0, seats_taken__lte=F("capacity")), name="seats_taken_is_within_capacity"
            ),
            models.CheckConstraint(
                condition=Q(extra_seats=0) | Q(seats_taken=F("capacity"), extra_seats__lte=F("capacity")),
                name="extra_seats_are_all_taken",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_it_starts"),
            models.UniqueConstraint(fields=("rule", "occurs_on"), name="one_session_per_rule_and_day"),
        )
        indexes = (models.Index(fields=("starts_at", "id"), name="sessions_by_start"),)

    def __str__(self) -> str:
        return f"{self.title} {self.starts_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Never writes `seats_taken` or `extra_seats` back: what was read with the row may be old by now.

        Nor what counts its moves. A hold never stands past the start of its session, so one that is moved earlier
        shortens its holds.
        """
        if self.pk and kwargs.get("update_fields") is None:
            names = (field.name for field in self._meta.concrete_fields if not field.primary_key)
            kwargs["update_fields"] = [name for name in names if name not in self.COUNTED]
        with transaction.atomic():
            if self.pk:
                if "starts_at" in kwargs["update_fields"]:
                    self._shorten_holds()
                kwargs["update_fields"] = [*kwargs["update_fields"], *self._revise(kwargs["update_fields"])]
            super().save(*args, **kwargs)

    def _revise(self, fields: Collection[str]) -> list[str]:
        """Lock the row, which no booking can change then, and count one up if what is told of it changes.

        A seat that staff say is there is no extra one any more.
        """
        self.before = ClassSession.objects.select_for_update(no_key=True).get(pk=self.pk)
        told = {*fields} & {*self.REVISED_BY, "capacity"}
        changed = {name for name in told if getattr(self, name) != getattr(self.before, name)}
        revised = []
        if changed - {"capacity"}:
            self.revision = self.before.revision + 1
            revised.append("revision")
        if "capacity" in changed and self.before.extra_seats:
            self.extra_seats = 0
            revised.append("extra_seats")
        return revised

    def _shorten_holds(self) -> None:
        self.bookings.filter(status="pending", expires_at__gt=self.starts_at).update(expires_at=self.starts_at)

    def note_move(self, *, now: datetime) -> None:
        """Remember when it was moved: whoever had agreed to it before then may go in full."""
        ClassSession.objects.filter(pk=self.pk).update(moved_at=now)
        self.moved_at = now

    @property
    def seats_available(self) -> int:
        return self.capacity - self.seats_taken

    def is_open(self, now: datetime) -> bool:
        """Whether it still takes place and has not begun."""
        return self.status == self.Status.SCHEDULED and self.starts_at > now

    def cancel(self, *, now: datetime) -> bool:
        """Take place no more; False, and nothing written, when it has begun or was cancelled before."""
        scheduled = ClassSession.objects.filter(pk=self.pk, status=self.Status.SCHEDULED, starts_at__gt=now)
        if not scheduled.update(status=self.Status.CANCELLED):
            return False
        self.status = self.Status.CANCELLED
        return True
