"""The front desk over HTTP: who comes, and who has come."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import attendance
from booking.desk_serializers import RosterRowSerializer
from booking.models import Booking, ClassSession
from booking.permissions import named
from booking.serializers import BookingSerializer
from boundary.envelope import refused
from members.requests import member_of


class RosterView(generics.ListAPIView):
    """Everyone who has a seat in a session, in the order of booking; a hold that is not paid yet is `pending`."""

    serializer_class = RosterRowSerializer
    permission_classes = (IsAdminUser,)
    filter_backends = ()
    queryset = Booking.objects.none()

    def get_queryset(self) -> QuerySet[Booking]:
        session = get_object_or_404(ClassSession, pk=self.kwargs["pk"])
        rows = Booking.objects.filter(session=session, status__in=Booking.HOLDING)
        return rows.select_related("member").order_by("id")


class CheckInView(APIView):
    """Check a member in, or undo it."""

    permission_classes = (IsAdminUser,)

    @extend_schema(request=None, responses={200: BookingSerializer, 409: refused("not_paid")})
    def post(self, request: Request, reference: str) -> Response:
        """Its member has come; repeatable, the first moment stands."""
        booking = named(Booking.objects.all(), reference)
        checked = attendance.check_in(booking, actor=member_of(request), now=timezone.now())
        return Response(BookingSerializer(checked).data)

    @extend_schema(responses={200: BookingSerializer})
    def delete(self, request: Request, reference: str) -> Response:
        """Nobody has come after all; repeatable."""
        booking = named(Booking.objects.all(), reference)
        undone = attendance.undo_check_in(booking, actor=member_of(request), now=timezone.now())
        return Response(BookingSerializer(undone).data)
