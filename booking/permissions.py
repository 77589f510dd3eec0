from django.db.models import QuerySet
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from booking.models import Booking
from members.models import Member


class IsStaffOrReadOnly(BasePermission):
    """Anyone reads; staff write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or bool(request.user and request.user.is_staff)


def visible_bookings(member: Member) -> QuerySet[Booking]:
    """One's own bookings; staff see everyone's. What is not among them cannot be told from what does not exist."""
    bookings: QuerySet[Booking] = Booking.objects.all()
    return bookings if member.is_staff else bookings.filter(member=member)
