"""What booking holds about a member, and what it forgets of one who is erased."""

from datetime import datetime
from typing import Any

from booking.models import Booking, CalendarFeed, WaitlistEntry
from members.models import Member


def held(member: Member) -> dict[str, Any]:
    """Every booking with its history, the places in line and the calendar; a fixed number of queries."""
    bookings = Booking.objects.filter(member=member).select_related("session")
    waited = WaitlistEntry.objects.filter(member=member).select_related("session", "offer")
    feed = CalendarFeed.objects.filter(member=member).first()
    return {
        "bookings": [_booking(booking) for booking in bookings.prefetch_related("transitions").order_by("id")],
        "waitlist": [_place(entry) for entry in waited.order_by("id")],
        "calendar": {"created_at": feed.created_at} if feed else None,
    }


def forget(member: Member, now: datetime) -> None:
    """Leave every line and end the calendar's address, in the caller's transaction.

    Bookings stay: they are the studio's books, and the seats and money of a hold still need their end.
    """
    WaitlistEntry.objects.filter(WaitlistEntry.WAITING, member=member).update(left_at=now)
    CalendarFeed.objects.filter(member=member).delete()


def _booking(booking: Booking) -> dict[str, Any]:
    history = [
        {"from": step.from_status or None, "to": step.to_status, "reason": step.reason, "by": step.by, "at": step.at}
        for step in booking.transitions.all()
    ]
    return {
        "reference": booking.reference,
        "status": booking.status,
        "session": {
            "id": booking.session_id,
            "title": booking.session.title,
            "instructor": booking.session.instructor,
            "location": booking.session.location,
            "starts_at": booking.session.starts_at,
            "ends_at": booking.session.ends_at,
        },
        "pay_with": booking.pay_with,
        "paid_with": booking.paid_with or None,
        "amount": booking.amount,
        "currency": booking.currency,
        "credits_spent": booking.credits_spent,
        "returned_amount": booking.returned_amount,
        "returned_credits": booking.returned_credits,
        "idempotency_key": booking.idempotency_key,
        "created_at": booking.created_at,
        "expires_at": booking.expires_at,
        "paid_at": booking.paid_at,
        "ended_at": booking.ended_at,
        "ended_reason": booking.ended_reason or None,
        "checked_in_at": booking.checked_in_at,
        "no_show_at": booking.no_show_at,
        "cash_returned_at": booking.cash_returned_at,
        "history": history,
    }


def _place(entry: WaitlistEntry) -> dict[str, Any]:
    return {
        "session": entry.session_id,
        "title": entry.session.title,
        "starts_at": entry.session.starts_at,
        "joined_at": entry.joined_at,
        "left_at": entry.left_at,
        "offer": entry.offer.reference if entry.offer else None,
    }
