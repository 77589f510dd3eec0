import json
import time
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from booking import reconciliation
from booking.reconciliation import KEPT, SLICE, Finding, Stretch, Told
from boundary.command import moment, seconds
from members.runs import CronCommand
from payments.exceptions import PaymentsUnavailable
from payments.models import Reconciliation
from payments.stripe_client import StripeRejected, StripeUnavailable

# Long enough for a webhook that was sent to have been applied.
PATIENCE_SECONDS = 10
# A comparison that was cut off is gone on with for so long; after that it begins anew.
MOST_SLICES = 31
CUT_OFF = timedelta(hours=24)


class Command(CronCommand):
    help = """Compares with Stripe, both ways: payments, amounts, refunds, and events that were never received.

Examples:
  manage.py reconcile_payments                      the last 30 days; changes nothing
  manage.py reconcile_payments --fix                and sets right what differs
  manage.py reconcile_payments --since 2026-11-01   from then on, times without an offset in UTC
  manage.py reconcile_payments --json               the findings for machines

A run that was cut off is gone on with by the next one of the same kind.

Exit status: 0 nothing differs (any more); 1 findings left, or Stripe did not answer; 2 wrong usage."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, help="what was made from then on (ISO 8601); default: 30 days ago")
        parser.add_argument("--fix", action="store_true", help="set right what differs, by what Stripe says")
        parser.add_argument("--json", action="store_true", help="print a JSON document instead")
        parser.add_argument(
            "--patience",
            type=seconds,
            default=PATIENCE_SECONDS,
            help=f"how many seconds Stripe's news may be on its way (default {PATIENCE_SECONDS})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_SECRET_KEY:
            self.stderr.write("reconcile_payments: STRIPE_SECRET_KEY is not set; there is nothing to compare with.")
            raise SystemExit(2)
        run = _begun(options["since"], repairs=options["fix"], now=timezone.now())
        verbosity = 0 if options["json"] else options["verbosity"]
        try:
            self._walk(run, patience=timedelta(seconds=options["patience"]), verbosity=verbosity)
        except (StripeUnavailable, StripeRejected, PaymentsUnavailable) as error:
            self.stderr.write(
                f"reconcile_payments: Stripe did not answer ({error}); compared until {run.reached:%Y-%m-%d %H:%M}, "
                "the next run goes on from there."
            )
            raise SystemExit(1) from error
        self._tell(run, as_json=options["json"])
        if run.left:
            raise SystemExit(1)

    def _walk(self, run: Reconciliation, *, patience: timedelta, verbosity: int) -> None:
        told: Told = defaultdict(list)
        for earlier in run.findings:
            told[earlier["subject"]].append(Finding(**earlier))
        slice_ = max(SLICE, (run.started_at - run.since) / MOST_SLICES)
        total = -(-(run.started_at - run.since) // slice_)
        while run.reached < run.started_at:
            until = run.reached + slice_
            last = until >= run.started_at
            findings = reconciliation.reconcile(
                Stretch(run.reached, None if last else until, oldest=run.reached == run.since),
                patience=patience,
                wait=lambda: time.sleep(patience.total_seconds()),
                mend=run.repairs,
                told=told,
                now=timezone.now(),
            )
            run.advance(run.started_at if last else until, [asdict(finding) for finding in findings])
            for finding in findings if verbosity >= 2 else ():
                self.stdout.write(_line(finding))
            done = -(-(run.reached - run.since) // slice_)
            self.show(f"compared until {run.reached:%Y-%m-%d %H:%M}", done=done, total=total, verbosity=verbosity)
        run.finish(timezone.now())

    def _tell(self, run: Reconciliation, *, as_json: bool) -> None:
        if as_json:
            document = {
                "clean": not run.left,
                "since": run.since.isoformat(),
                "until": run.reached.isoformat(),
                "found": run.found,
                "repaired": run.found - run.left,
                "left": run.left,
                "findings": run.findings,
            }
            self.stdout.write(json.dumps(document))
            return
        self.stdout.write(
            f"reconcile_payments: since {run.since:%Y-%m-%d %H:%M}, {run.found} findings, "
            f"{run.found - run.left} repaired, {run.left} left"
        )


def _begun(since: datetime | None, *, repairs: bool, now: datetime) -> Reconciliation:
    """The comparison of this kind that was cut off, else a new one: what it has found may be set right by now."""
    alike = Reconciliation.objects.filter(asked_since=since, repairs=repairs, started_at__gt=now - CUT_OFF)
    latest = alike.first()
    if latest is not None and latest.finished_at is None and not latest.is_outdated():
        return latest
    begin = since or now - KEPT
    return Reconciliation.objects.create(asked_since=since, since=begin, reached=begin, repairs=repairs, started_at=now)


def _line(finding: Finding) -> str:
    state = "repaired" if finding.repaired else "left"
    return f"{finding.kind} {finding.subject} ({finding.stripe}): {finding.what}; {state}"
