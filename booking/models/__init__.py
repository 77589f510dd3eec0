"""The rows of the app, by what they are about."""

from booking.models.booking import Booking, BookingTransition
from booking.models.feed import CalendarFeed
from booking.models.session import ClassSession
from booking.models.timetable import Closure, SessionType, TimetableRule
from booking.models.waitlist import WaitlistEntry
from boundary.references import new_reference

__all__ = [
    "Booking",
    "BookingTransition",
    "CalendarFeed",
    "ClassSession",
    "Closure",
    "SessionType",
    "TimetableRule",
    "WaitlistEntry",
    "new_reference",
]
