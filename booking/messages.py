"""Which message tells which moment; each is owed in the transaction of the moment itself."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format

from booking.models import Booking, ClassSession
from members.models import Member
from notifications import outbox

KIND_OF_ENDING = {"payment_failed": "payment_failed", "expired": "hold_expired"}


def tell_paid(booking: Booking, *, session: ClassSession, member: Member, now: datetime) -> None:
    _tell("booking_paid", booking, session, member, now, reference=booking.reference)


def tell_freed(booking: Booking, *, session: ClassSession, member: Member, now: datetime) -> None:
    """A hold that the member gave up, or never came to be, needs no message."""
    kind = KIND_OF_ENDING.get(booking.ended_reason)
    if kind:
        _tell(kind, booking, session, member, now)


def tell_cancelled(booking: Booking, *, session: ClassSession, member: Member, returns: str, now: datetime) -> None:
    """`returns` says in a sentence what comes back."""
    _tell("booking_cancelled", booking, session, member, now, returns=returns)


def _tell(kind: str, booking: Booking, session: ClassSession, member: Member, now: datetime, **more: str) -> None:
    start = session.starts_at.astimezone(ZoneInfo(settings.STUDIO_TIME_ZONE))
    variables = {
        "name": member.name or "there",
        "title": session.title,
        "start": date_format(start, "D j M Y, H:i"),
        **more,
    }
    outbox.enqueue(kind=kind, subject=booking.subject, member=member, variables=variables, now=now)
