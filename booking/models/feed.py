import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models

from members.models import Member


class CalendarFeed(models.Model):
    """A member's private calendar address. Of its token only the digest is kept; a new one ends the old."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"the calendar of {self.member_id}"

    @classmethod
    def issue(cls, member: Member, *, now: datetime) -> str:
        """A new token of 256 random bits, told this once; the member's old one is dead. Opens a transaction."""
        token = secrets.token_urlsafe(32)
        fresh = {"token_digest": _digest(token), "created_at": now}
        cls.objects.update_or_create(member=member, defaults=fresh)
        return token

    @classmethod
    def by_token(cls, token: str) -> "CalendarFeed | None":
        """The feed of that address, while its member may still sign in."""
        rows = cls.objects.select_related("member")
        return rows.filter(token_digest=_digest(token), member__is_active=True).first()


def _digest(token: str) -> str:
    """Unsalted: 256 random bits cannot be guessed, and a digest that is the same each time can be looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
