"""The front desk over HTTP: who comes, and who has come."""

from typing import ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import attendance
from booking.desk_serializers import RosterRowSerializer
from booking.models import Booking, ClassSession
from booking.permissions import named, teaches
from booking.serializers import BookingSerializer
from boundary.envelope import refused
from members.requests import Asks, RolesMay, member_of

AT_THE_DOOR = Asks("booking.run_desk", of_own="booking.see_own_roster")


class RosterView(generics.ListAPIView):
    """Everyone who has a seat in a session, in the order of booking; a hold that is not paid yet is `pending`."""

    serializer_class = RosterRowSerializer
    permission_classes = (RolesMay,)
    asks: ClassVar = {"GET": AT_THE_DOOR}
    filter_backends = ()
    queryset = Booking.objects.none()

    def get_queryset(self) -> QuerySet[Booking]:
        session = get_object_or_404(ClassSession, pk=self.kwargs["pk"])
        self.check_object_permissions(self.request, session)
        rows = Booking.objects.filter(session=session, status__in=Booking.HOLDING)
        return rows.select_related("member").order_by("id")

    def is_own(self, session: ClassSession) -> bool:
        return teaches(self.request, session)


class CheckInView(APIView):
    """Check a member in, or undo it."""

    permission_classes = (RolesMay,)
    asks: ClassVar = {"POST": AT_THE_DOOR, "DELETE": AT_THE_DOOR}

    @extend_schema(request=None, responses={200: BookingSerializer, 409: refused("not_paid")})
    def post(self, request: Request, reference: str) -> Response:
        """Its member has come; repeatable, the first moment stands."""
        booking = self._booking(reference)
        checked = attendance.check_in(booking, actor=member_of(request), now=timezone.now())
        return Response(BookingSerializer(checked).data)

    @extend_schema(responses={200: BookingSerializer})
    def delete(self, request: Request, reference: str) -> Response:
        """Nobody has come after all; repeatable."""
        booking = self._booking(reference)
        undone = attendance.undo_check_in(booking, actor=member_of(request), now=timezone.now())
        return Response(BookingSerializer(undone).data)

    def is_own(self, booking: Booking) -> bool:
        return teaches(self.request, booking.session)

    def _booking(self, reference: str) -> Booking:
        booking = named(Booking.objects.select_related("session"), reference)
        self.check_object_permissions(self.request, booking)
        return booking
