import logging
from collections import Counter
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from boundary.command import positive
from members.runs import CronCommand
from payments import refunds
from payments.exceptions import PaymentsUnavailable
from payments.models import Refund

SILENCES = 5
logger = logging.getLogger(__name__)


class Command(CronCommand):
    help = """Sends owed refunds to Stripe. Refunds of contested charges wait until the dispute is settled.

Examples:
  manage.py submit_refunds         every refund that is due (cron: every minute)
  manage.py submit_refunds -v 2    and say what became of each

Exit status: 0 done; 1 some could not be finished (they stay for the next run); 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=positive, help="send at most this many")

    def handle(self, *args: Any, **options: Any) -> None:
        ids = list(refunds.due(now=timezone.now()).values_list("pk", flat=True)[: options["limit"]])
        counts = self._submit(ids, options["verbosity"])
        unfinished = len(ids) - sum(counts[end] for end in ("succeeded", "submitted", "elsewhere"))
        self.stdout.write(
            f"submit_refunds: {len(ids)} due, {counts['succeeded']} succeeded, "
            f"{counts['submitted']} on their way, {unfinished} unfinished"
        )
        if unfinished:
            raise SystemExit(1)

    def _submit(self, ids: list[int], verbosity: int) -> Counter[str]:
        """One by one; stop when Stripe is plainly silent, for the next run is already on its way."""
        counts: Counter[str] = Counter()
        for done, pk in enumerate(ids, start=1):
            end = self._end_of(pk)
            counts[end] += 1
            self.show(f"{pk} {end}", done=done, total=len(ids), verbosity=verbosity)
            if counts["silent"] == SILENCES:
                break
        return counts

    def _end_of(self, pk: int) -> str:
        try:
            submitted = refunds.submit(Refund.objects.select_related("payment").get(pk=pk), now=timezone.now())
        except PaymentsUnavailable:
            return "silent"
        except Exception:
            # One poisoned row must not keep the others waiting.
            logger.exception("The refund %s could not be submitted", pk)
            return "unfinished"
        return submitted.status if submitted else "elsewhere"
