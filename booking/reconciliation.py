"""Compare a stretch of time with Stripe, both ways: what was made there, what was made here, and the events of it.

Note [News on its way]: Stripe tells of a change some seconds after it has happened, and while we read, members book and
pay. So a difference counts only if it is still there when both sides are read again, and not while Stripe has told
anything of that payment within the last few seconds: then we wait once, and look again.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any

from django.db.models import QuerySet

from booking import comparison
from booking.comparison import Difference, Kind
from booking.suspects import EventSuspect, PaymentSuspect, RefundSuspect, Suspect, intent_of, row_of
from boundary import faults
from payments import stripe_client, webhooks
from payments.exceptions import PaymentsUnavailable, PaymentUndecided
from payments.models import Payment, Refund, StripeEvent

# Stripe keeps events for 30 days.
KEPT = timedelta(days=30)
SLICE = timedelta(days=1)
# One mend can bring the next to light: an intent's name first, then what it did.
MENDS = 3
# What another finding of the same payment may have told already: refunds are compared first, events last.
ECHOES = (Kind.EVENT, Kind.UNKNOWN_THERE, Kind.UNSETTLED)
# However many differ, no more are kept in memory: each holds what Stripe said of it.
AT_ONCE = 500
A_MINUTE = timedelta(minutes=1)
# So much may Stripe's clock and ours be apart: its signatures are good for as long.
SKEW = timedelta(minutes=5)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stretch:
    """From when to when things were made; without an end, until now and a little longer by Stripe's clock."""

    since: datetime
    until: datetime | None
    oldest: bool = False  # nothing before it is compared: then what still waits from before is looked at too

    def of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that were made in it."""
        rows = rows.filter(created_at__gte=self.since)
        return rows.filter(created_at__lt=self.until) if self.until else rows


@dataclass(frozen=True)
class Finding:
    """One difference, as it is told."""

    kind: str
    subject: str
    stripe: str
    what: str
    repaired: bool

    def is_told_by(self, others: "list[Finding]") -> bool:
        """Whether those of the same subject say it already: made on two days, or the cause of this.

        What is left is not told by what was repaired.
        """
        told = [other for other in others if self.repaired or not other.repaired]
        return any(self.kind in ECHOES or (self.kind, self.stripe) == (other.kind, other.stripe) for other in told)


Told = defaultdict[str, list[Finding]]


def reconcile(
    stretch: Stretch, *, patience: timedelta, wait: Callable[[], None], mend: bool, told: Told, now: datetime
) -> list[Finding]:
    """What differs of everything made in that stretch, each with whether it was set right.

    `told` are the findings so far of the same comparison, by subject; an echo of one is no finding of its own.
    Network between short transactions; PaymentsUnavailable and StripeUnavailable when Stripe does not answer.
    """
    findings: list[Finding] = []
    suspects = chain(_refunds(stretch), _payments(stretch), _events(stretch))
    while some := list(islice(suspects, AT_ONCE)):
        for suspect, difference in _confirmed(some, patience=patience, wait=wait, now=now):
            still = _mended(suspect, now=now) if mend else difference
            finding = Finding(difference.kind, suspect.subject, suspect.stripe_id, difference.what, still is None)
            if not finding.is_told_by(told[finding.subject]):
                told[finding.subject].append(finding)
                findings.append(finding)
    if mend and findings:
        _hear_of_mends({finding.subject for finding in findings}, now=now)
    return findings


def _hear_of_mends(subjects: set[str], *, now: datetime) -> None:
    """What the repairs have caused at Stripe is news of its own, and may get lost like any other."""
    for suspect in _events(Stretch(now - A_MINUTE, None)):
        if suspect.subject in subjects:
            _mend(suspect, Difference(Kind.EVENT, ""), now=now)


def _mended(suspect: Suspect, *, now: datetime) -> Difference | None:
    """What still differs after it was set right."""
    before: Difference | None = None
    for _ in range(MENDS):
        still = suspect.look()
        if still is None or still == before:
            return still
        before = still
        if not _mend(suspect, still, now=now):
            return still
    return suspect.look()


def _mend(suspect: Suspect, difference: Difference, *, now: datetime) -> bool:
    """Set one difference right; False when it cannot be, which must not keep the others waiting."""
    try:
        suspect.mend(difference, now=now)
    except (stripe_client.StripeRejected, PaymentUndecided) as error:
        logger.error("%s cannot be set right, Stripe says %s", suspect.subject, error)
        return False
    except (stripe_client.StripeUnavailable, PaymentsUnavailable, *faults.UNAVAILABLE):
        raise
    except Exception:
        logger.exception("%s could not be set right", suspect.subject)
        return False
    return True


def _payments(stretch: Stretch) -> Iterator[PaymentSuspect]:
    """Of every intent made there, then of every payment made here that none of them was."""
    seen: set[int] = set()
    for page in stripe_client.intents_created(since=stretch.since, until=stretch.until):
        for case in comparison.cases(page):
            if case.own:
                seen.add(case.own.pk)
            if comparison.difference(case):
                yield PaymentSuspect(case)
    claiming = Payment.objects.exclude(stripe_intent_id=None) | Payment.objects.filter(status=Payment.Status.PAID)
    here = set(stretch.of(claiming).exclude(status=Payment.Status.VOID).values_list("pk", flat=True))
    if stretch.oldest:
        waiting = claiming.filter(created_at__lt=stretch.since, status__in=Payment.LIVE)
        here |= set(waiting.values_list("pk", flat=True))
    for payment_id in sorted(here - seen):
        yield PaymentSuspect(comparison.unheard(Payment.objects.get(pk=payment_id)))


def _refunds(stretch: Stretch) -> Iterator[RefundSuspect]:
    seen: set[int] = set()
    for page in stripe_client.refunds_created(since=stretch.since, until=stretch.until):
        payments = {
            row.stripe_intent_id: row
            for row in Payment.objects.filter(stripe_intent_id__in=[fact.intent_id for fact in page])
        }
        for fact in page:
            payment = payments.get(fact.intent_id)
            row = row_of(fact) if payment else None
            if row:
                seen.add(row.pk)
            if payment and comparison.refund_difference(fact, row):
                yield RefundSuspect(fact, row, payment)
    given = (Refund.Status.SUBMITTED, Refund.Status.SUCCEEDED)
    here = set(stretch.of(Refund.objects.filter(status__in=given)).values_list("pk", flat=True))
    for refund_id in sorted(here - seen):
        refund = Refund.objects.select_related("payment").get(pk=refund_id)
        yield RefundSuspect(None, refund, refund.payment)


def _events(stretch: Stretch) -> Iterator[EventSuspect]:
    """The events of our payments that were never received, oldest first within a page."""
    for page in stripe_client.events_created(types=webhooks.TYPES, since=stretch.since, until=stretch.until):
        heard = set(
            StripeEvent.objects.filter(event_id__in=[one.id for one in page]).values_list("event_id", flat=True)
        )
        for event in reversed(page):
            payment_id = None if event.id in heard else webhooks.payment_of(event)
            if payment_id is not None:
                yield EventSuspect(event, Payment.objects.get(pk=payment_id))


def _confirmed(
    suspects: list[Any], *, patience: timedelta, wait: Callable[[], None], now: datetime
) -> list[tuple[Suspect, Difference]]:
    """The suspects that still differ when both sides are read again; see Note [News on its way]."""
    differing = [(suspect, found) for suspect in suspects if (found := suspect.look())]
    fresh = _told_of_since(now - patience - SKEW) if differing and patience else set()
    hot = [suspect for suspect, _ in differing if suspect.intent_id in fresh]
    if hot:
        wait()
    return [
        (suspect, again)
        for suspect, found in differing
        if (again := suspect.look() if suspect.intent_id in fresh else found)
    ]


def _told_of_since(moment: datetime) -> set[str]:
    """The intents that Stripe has told anything of since then."""
    pages = stripe_client.events_created(types=webhooks.TYPES, since=moment, until=None)
    return {intent_of(event) for page in pages for event in page}
