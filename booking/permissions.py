from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from booking.models import Booking
from members.models import Member


def visible_bookings(member: Member) -> QuerySet[Booking]:
    """One's own bookings; staff see everyone's. What is not among them cannot be told from what does not exist."""
    bookings: QuerySet[Booking] = Booking.objects.all()
    return bookings if member.is_staff else bookings.filter(member=member)


def named(rows: QuerySet[Booking], reference: str) -> Booking:
    """The one of these with this reference, however it was typed; Http404."""
    booking: Booking = get_object_or_404(rows, reference=reference.upper())
    return booking
