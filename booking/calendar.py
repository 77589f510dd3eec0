"""Bookings as a calendar that phones subscribe to (iCalendar, RFC 5545)."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q, QuerySet
from icalendar import Calendar, Event

from booking.models import Booking, ClassSession
from members.models import Member

# For so long after its end a phone is told that something is over, so that it takes it away.
LOOKS_BACK = timedelta(days=30)
MOST_EVENTS = 500
ASKED_AGAIN_AFTER = timedelta(hours=1)


def bookings_of(member: Member, *, now: datetime) -> QuerySet[Booking]:
    """What the member's feed shows, by start: from 30 days back on; what ended is shown for as long."""
    since = now - LOOKS_BACK
    shown = Q(status__in=Booking.HOLDING) | Q(ended_at__gte=since)
    rows = Booking.objects.filter(shown, member=member, session__ends_at__gte=since)
    return with_what_is_told(rows).order_by("session__starts_at", "id")[:MOST_EVENTS]


def with_what_is_told(bookings: QuerySet[Booking]) -> QuerySet[Booking]:
    """The same with all that an event needs, in two queries however many they are."""
    return bookings.select_related("session").prefetch_related("transitions")


def render(bookings: Iterable[Booking]) -> bytes:
    """The calendar as bytes: the same for the same rows, so that its digest tells whether anything has changed."""
    calendar = Calendar()
    calendar.add("prodid", "-//Holdfast//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "My classes")
    calendar.add("refresh-interval", ASKED_AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    # The same wish in the words of older clients.
    calendar.add("x-published-ttl", "PT1H")
    for booking in bookings:
        calendar.add_component(_event(booking))
    return calendar.to_ical()


def _event(booking: Booking) -> Event:
    session, transitions = booking.session, list(booking.transitions.all())
    changed_at = max((transition.at for transition in transitions), default=booking.created_at)
    event = Event()
    event.add("uid", f"{booking.reference}@{urlsplit(settings.PUBLIC_BASE_URL).hostname}")
    # A phone keeps the event with the higher number: it grows with every change of either row.
    event.add("sequence", session.revision + max(len(transitions) - 1, 0))
    # Not the moment of asking: the same rows would read differently each time.
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("dtstart", session.starts_at)
    event.add("dtend", session.ends_at)
    event.add("summary", _text(session.title))
    if session.location:
        event.add("location", _text(session.location))
    event.add("description", _description(booking))
    event.add("status", _status(booking))
    return event


def _status(booking: Booking) -> str:
    if booking.status not in Booking.HOLDING or booking.session.status == ClassSession.Status.CANCELLED:
        return "CANCELLED"
    return "CONFIRMED" if booking.status == Booking.Status.PAID else "TENTATIVE"


def _description(booking: Booking) -> str:
    lines = [f"Reference: {booking.reference}", f"Status: {booking.status}"]
    if booking.session.instructor:
        lines.append(f"Instructor: {_text(booking.session.instructor)}")
    return "\n".join(lines)


def _text(words: str) -> str:
    """Without the control characters that no parser takes; every kind of line break becomes the one they know."""
    lines = words.splitlines()
    return "\n".join("".join(sign for sign in line if unicodedata.category(sign) != "Cc") for line in lines)
