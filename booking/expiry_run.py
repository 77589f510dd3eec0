"""One run of `expire_pending_bookings`: every hold is asked for at Stripe, many at once, as fast as Stripe allows."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from booking import expiry, express_expiry, settlement
from booking.expiry import Fate
from booking.express_expiry import Hold
from booking.models import Booking
from boundary import parallel
from boundary.parallel import Pace
from payments import intents
from payments.models import PackPurchase
from payments.stripe_objects import Intent

T = TypeVar("T")

# So many are claimed at once, and freed together as their answers come, every few seconds.
BATCH = 250
TOGETHER_SECONDS = 5
SILENCES = 5
# Stripe takes 25 calls of an endpoint in a second; some are left to the members who cancel meanwhile.
CANCELS_PER_SECOND = 20


class ExpiryRun:
    """Ends holds and purchases; asks no more when Stripe is plainly silent, for the next run is on its way."""

    def __init__(self, *, created_before: datetime | None, workers: int) -> None:
        self._created_before, self._workers = created_before, workers
        self._pace, self._silences = Pace(CANCELS_PER_SECOND), 0

    def end(
        self, stale: QuerySet[Booking] | QuerySet[PackPurchase], ids: Sequence[int]
    ) -> Iterator[tuple[object, Fate]]:
        """End those of them that are still stale: the reference of each and what became of it. Network."""
        for start in range(0, len(ids), BATCH):
            batch = set(ids[start : start + BATCH])
            if stale.model is Booking:
                for hold, fate in self._end_together(batch):
                    batch.discard(hold.booking_id)
                    yield hold.booking_reference, fate
            orders: list[Booking | PackPurchase] = list(stale.filter(pk__in=batch))
            for order, fate in parallel.each(self._expire, orders, workers=self._workers):
                yield order.reference, fate

    def _end_together(self, ids: Collection[int]) -> Iterator[tuple[Hold, Fate]]:
        """The plain ones of these, if the database can do that; what is not plain after all goes its own way."""
        claimed_at = timezone.now()
        holds = express_expiry.claim(sorted(ids), created_before=self._created_before, now=claimed_at)
        try:
            for answers in parallel.answered(self._cancel, holds, workers=self._workers, seconds=TOGETHER_SECONDS):
                yield from _conclude(answers)
        finally:
            express_expiry.release(holds, claimed_at=claimed_at)

    def _expire(self, order: Booking | PackPurchase) -> Fate:
        if order.payment_id is None:  # an offer needs no word of Stripe's
            return expiry.expire(order, now=timezone.now())
        return self._ask(lambda: expiry.expire(order, now=timezone.now()))

    def _cancel(self, hold: Hold) -> Intent | Fate:
        return self._ask(lambda: expiry.attempt(lambda: intents.cancel(hold), hold.booking_reference))

    def _ask(self, call: Callable[[], T]) -> T | Fate:
        if self._silences >= SILENCES:
            return Fate.UNFINISHED
        self._pace.wait()
        answer = call()
        self._silences = self._silences + 1 if answer == Fate.SILENT else 0
        return answer


def _conclude(answers: list[tuple[Hold, Intent | Fate]]) -> Iterator[tuple[Hold, Fate]]:
    now = timezone.now()
    canceled = [(hold, answer) for hold, answer in answers if isinstance(answer, Intent)]
    freed = express_expiry.free(canceled, by=expiry.BY, now=now)
    for hold, answer in answers:
        if isinstance(answer, Fate):
            yield hold, answer
        elif hold.booking_id in freed:
            yield hold, Fate.FREED
        else:
            yield hold, expiry.attempt(partial(_end_alone, hold, answer, now), hold.booking_reference)


def _end_alone(hold: Hold, answer: Intent, now: datetime) -> Fate:
    ended = intents.conclude(hold.payment_id, intent=answer, settle=settlement.settle, by=expiry.BY, now=now)
    return expiry.fate_of(ended, hold.booking_reference)
