from django.conf import settings
from django.db import models


class CalendarFeed(models.Model):
    """A member's private calendar address. Of its token only the digest is kept; a new one ends the old."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"the calendar of {self.member_id}"
