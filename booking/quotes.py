"""What cancelling a booking returns, as a promise: signed, and good for some minutes whatever the clock does."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing

from booking import messages, policy, tiers
from booking.exceptions import NotCancellable, QuoteNotValid
from booking.models import Booking, ClassSession
from payments import refunds

SALT = "booking.cancellation"
MOMENTS = ("until", "expires_at")


@dataclass(frozen=True)
class Quote:
    """What comes back, in minor units or credits; the terms hold `until` then, and this promise until `expires_at`."""

    reference: str
    status: str
    amount: int
    currency: str
    credits: int
    until: datetime
    expires_at: datetime
    at_desk: bool = False

    @property
    def returns(self) -> str:
        return way(self.amount, self.credits, at_desk=self.at_desk)


def way(amount: int, credits: int, *, at_desk: bool = False) -> str:
    """Whereto this much comes back."""
    if amount:
        return "desk" if at_desk else "card"
    return "credits" if credits else "nothing"


def is_at_desk(booking: Booking) -> bool:
    """Whether its money was taken at the desk, and comes back there."""
    return booking.paid_with == Booking.PaidWith.DESK


def draw(booking: Booking, *, now: datetime) -> Quote:
    """What cancelling returns at this moment; NotCancellable when it cannot be cancelled. Reads only."""
    expires_at = now + timedelta(minutes=settings.CANCELLATION_QUOTE_MINUTES)
    if booking.status == Booking.Status.PENDING and booking.expires_at is not None:
        return _quote(booking, until=booking.expires_at, expires_at=expires_at)
    starts_at = booking.session.starts_at
    if booking.status != Booking.Status.PAID or booking.is_seen or starts_at <= now:
        raise NotCancellable
    # What has begun is not cancelled, so nothing can be promised beyond it.
    expires_at = min(expires_at, starts_at)
    if is_owed_in_full(booking):
        return replace(in_full(booking, now=now), until=starts_at, expires_at=expires_at)
    terms = policy.cancellation_terms(now=now, starts_at=starts_at, own=_own_tiers(booking.session))
    amount = terms.of_money(booking.amount) if booking.paid_with in Booking.IN_MONEY else 0
    credits = terms.of_credits(booking.credits_spent)
    if booking.payment is not None:
        # Part of it may have gone back in Stripe's dashboard already.
        amount = min(amount, refunds.returnable(booking.payment))
    return _quote(booking, until=terms.until, expires_at=expires_at, amount=amount, credits=credits)


def is_owed_in_full(booking: Booking) -> bool:
    """Whether the studio has changed what was paid for: it does not take place, or at another time or place."""
    session = booking.session
    moved_since = session.moved_at is not None and _agreed_at(booking) <= session.moved_at
    return moved_since or session.status == ClassSession.Status.CANCELLED


def _agreed_at(booking: Booking) -> datetime:
    """When its member agreed to the session as it then was; see the note in `booking.moving`."""
    return booking.payment.created_at if booking.payment else booking.paid_at or booking.created_at


def _own_tiers(session: ClassSession) -> tiers.Tiers:
    """What its kind of session says of cancelling; nothing: as the studio says."""
    return tiers.read(session.session_type.cancellation_tiers) if session.session_type else ()


def in_full(booking: Booking, *, now: datetime) -> Quote:
    """Everything that was paid, as when the studio cancels or moves the session."""
    amount = booking.amount if booking.paid_with in Booking.IN_MONEY else 0
    if booking.payment is not None:
        amount = min(amount, refunds.returnable(booking.payment))
    return _quote(booking, until=now, expires_at=now, amount=amount, credits=booking.credits_spent)


def sign(quote: Quote) -> str:
    """The quote as a text that nobody else can write."""
    facts = asdict(quote) | {name: getattr(quote, name).isoformat() for name in MOMENTS}
    return signing.dumps(facts, salt=SALT, compress=True)


def read(token: str, *, booking: Booking, now: datetime) -> Quote:
    """The quote a member was given for this booking; QuoteNotValid when it is forged, of another, or too old."""
    try:
        facts: dict[str, Any] = signing.loads(token, salt=SALT)
        quote = Quote(**facts | {name: datetime.fromisoformat(facts[name]) for name in MOMENTS})
    except (signing.BadSignature, ValueError, TypeError, KeyError) as error:
        raise QuoteNotValid from error
    if (quote.reference, quote.status) != (booking.reference, booking.status) or quote.expires_at <= now:
        raise QuoteNotValid
    return quote


def sentence(returned: Quote | Booking) -> str:
    """What comes back by a quote, or came back for a cancelled booking, for people."""
    if isinstance(returned, Booking):
        amount, credits, at_desk = returned.returned_amount, returned.returned_credits, is_at_desk(returned)
    else:
        amount, credits, at_desk = returned.amount, returned.credits, returned.at_desk
    return messages.returning(amount, returned.currency, credits, at_desk=at_desk)


def _quote(booking: Booking, *, until: datetime, expires_at: datetime, amount: int = 0, credits: int = 0) -> Quote:
    at_desk = is_at_desk(booking)
    return Quote(booking.reference, booking.status, amount, booking.currency, credits, until, expires_at, at_desk)
