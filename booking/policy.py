"""Pure rules: no database, no clock, no network."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from booking.tiers import Tiers

# What a schedule can hold; the first keeps typing errors out, the second keeps every time a valid one in every zone.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST_SEATS = 100_000
MOST_CREDITS = 10_000


def hold_expires_at(*, now: datetime, starts_at: datetime) -> datetime:
    """A hold stands for BOOKING_HOLD_MINUTES, and never past the start of its session."""
    return min(now + timedelta(minutes=settings.BOOKING_HOLD_MINUTES), starts_at)


@dataclass(frozen=True)
class Terms:
    """What cancelling a paid booking returns, and the moment until which these terms hold."""

    percent: int
    fee: int
    until: datetime

    def of_money(self, amount: int) -> int:
        """Minor units that go back of this amount, rounded down."""
        return max(amount * self.percent // 100 - self.fee, 0)

    def of_credits(self, credits: int) -> int:
        """Whole credits that go back of these; a fee is a matter of money alone."""
        return credits * self.percent // 100


def cancellation_terms(*, now: datetime, starts_at: datetime, own: Tiers = ()) -> Terms:
    """The tier that holds now, of the session's own or the studio's.

    Tiers count real hours before the start, also across a change of the clocks.
    """
    for hours, percent, fee in own or settings.CANCELLATION_TIERS or ((settings.CANCELLATION_WINDOW_HOURS, 100, 0),):
        until = starts_at - timedelta(hours=hours)
        if now <= until:
            return Terms(percent, fee, until)
    return Terms(0, 0, starts_at)


def offers_close_at(starts_at: datetime) -> datetime:
    """From then on a freed seat goes to whoever comes first, not to the waitlist."""
    return starts_at - timedelta(minutes=settings.WAITLIST_CLOSES_MINUTES)


def offers_reach(now: datetime) -> datetime:
    """The same asked the other way round: sessions that start after this moment still offer their seats."""
    return now + timedelta(minutes=settings.WAITLIST_CLOSES_MINUTES)


def offer_expires_at(*, now: datetime, starts_at: datetime) -> datetime:
    """An offer stands for WAITLIST_OFFER_MINUTES, or half of the time that is left: the next in line needs some too."""
    return now + min(timedelta(minutes=settings.WAITLIST_OFFER_MINUTES), (starts_at - now) / 2)


def too_few_seats(*, taken: int, capacity: int) -> str:
    """Why a session cannot have so few seats, and what would help; empty when it can."""
    if capacity >= taken:
        return ""
    too_many = taken - capacity
    return (
        f"{taken} seats are taken already. Cancel {too_many} {'booking' if too_many == 1 else 'bookings'} first, "
        f"or leave at least {taken} seats."
    )
