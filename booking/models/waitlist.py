from django.conf import settings
from django.db import models
from django.db.models import Q

from booking.models.booking import Booking
from booking.models.session import ClassSession


class WaitlistEntry(models.Model):
    """A member's place in the line for a full session, the lowest id first.

    It waits until it is left or has an offer. An offer is a pending booking without a payment: what became of it stands
    there, and nowhere else.
    """

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(ClassSession, on_delete=models.PROTECT, related_name="+")
    offer = models.OneToOneField(Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    WAITING = Q(offer=None, left_at=None)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "waitlist entries"
        constraints = (
            models.UniqueConstraint(
                fields=("member", "session"),
                condition=Q(offer=None, left_at=None),
                name="one_place_in_line_per_member_and_session",
            ),
            models.CheckConstraint(condition=Q(offer=None) | Q(left_at=None), name="who_left_is_offered_nothing"),
        )
        indexes = (
            models.Index(fields=("session", "id"), condition=Q(offer=None, left_at=None), name="places_in_line"),
        )

    def __str__(self) -> str:
        return f"{self.member_id} for {self.session_id}"

    @property
    def state(self) -> str:
        """waiting, left, offered, taken or lapsed, as the offer's booking tells it."""
        if self.offer is None:
            return "left" if self.left_at else "waiting"
        if self.offer.is_offer:
            return "offered"
        return "lapsed" if self.offer.status == Booking.Status.FREED else "taken"
