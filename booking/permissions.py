from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from booking.models import Booking, ClassSession
from members.requests import may, member_of


def visible_bookings(request: Request) -> QuerySet[Booking]:
    """One's own bookings; staff see everyone's. What is not among them cannot be told from what does not exist."""
    bookings: QuerySet[Booking] = Booking.objects.all()
    return bookings if may(request, "booking.view_booking") else bookings.filter(member=member_of(request))


def named(rows: QuerySet[Booking], reference: str) -> Booking:
    """The one of these with this reference, however it was typed; Http404."""
    booking: Booking = get_object_or_404(rows, reference=reference.upper())
    return booking


def teaches(request: Request, session: ClassSession) -> bool:
    """Whether it is who asks that the session names as its instructor."""
    name = member_of(request).teaches_as
    return bool(name) and session.instructor == name
