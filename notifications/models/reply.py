from datetime import datetime

from django.conf import settings
from django.db import models


class Reply(models.Model):
    """What a member wrote to us on WhatsApp, stored once by Twilio's id, and what we answered."""

    sid = models.CharField(max_length=64, unique=True)
    phone = models.CharField(max_length=20)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField(max_length=200)
    answer = models.TextField(blank=True)
    # What it is about, and the quote its member was given: a later reply may confirm it.
    booking = models.CharField(max_length=8, blank=True)
    quote = models.TextField(blank=True)
    received_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "replies"
        indexes = (models.Index(fields=("member", "-id"), name="replies_of_member"),)

    def __str__(self) -> str:
        return f"{self.phone}: {self.text}"

    def remember(self, *, booking: str, quote: str = "") -> None:
        """What it is about: kept before the act, so that a second telling of it does the same."""
        self.booking, self.quote = booking, quote
        self.save(update_fields=("booking", "quote"))

    def record_answer(self, answer: str, now: datetime) -> None:
        """The first answer stands; of two tellings at once the later one gives the same."""
        Reply.objects.filter(pk=self.pk, answered_at=None).update(answer=answer, answered_at=now)
        self.refresh_from_db(fields=("answer", "answered_at"))
