from django.db.models import QuerySet

from booking.models import Booking
from members.models import Member


def visible_bookings(member: Member) -> QuerySet[Booking]:
    """One's own bookings; staff see everyone's. What is not among them cannot be told from what does not exist."""
    bookings: QuerySet[Booking] = Booking.objects.all()
    return bookings if member.is_staff else bookings.filter(member=member)
