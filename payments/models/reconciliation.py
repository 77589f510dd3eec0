from datetime import datetime
from typing import Any

from django.db import models

# Enough to act on; a studio with more findings has one cause behind them.
MOST_KEPT = 1000


class Reconciliation(models.Model):
    """One comparison with Stripe: how far it has come, so that the next run goes on where one was cut off."""

    asked_since = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField()
    reached = models.DateTimeField()
    repairs = models.BooleanField()
    found = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M} to {self.reached:%Y-%m-%d %H:%M}"

    def is_outdated(self) -> bool:
        """Whether a later comparison has set right what this one may have found."""
        return Reconciliation.objects.filter(pk__gt=self.pk, repairs=True).exists()

    def advance(self, reached: datetime, findings: list[dict[str, Any]]) -> None:
        """Everything made before that moment has been compared, with these findings.

        Of two runs that go on with the same comparison, each tells of what it has seen; one of them is written down.
        """
        mine = Reconciliation.objects.filter(pk=self.pk, reached=self.reached)
        self.reached = reached
        self.found += len(findings)
        self.left += sum(not finding["repaired"] for finding in findings)
        self.findings = (self.findings + findings)[:MOST_KEPT]
        mine.update(reached=reached, found=self.found, left=self.left, findings=self.findings)

    def finish(self, now: datetime) -> None:
        self.finished_at = now
        self.save(update_fields=["finished_at"])
