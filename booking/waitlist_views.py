from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import settlement, waitlist
from booking.models import ClassSession, WaitlistEntry
from booking.serializers import PlaceSerializer, WaitlistEntrySerializer
from boundary.envelope import refused
from members.requests import member_of

NOT_IN_LINE = refused("seats_available", "already_waiting", "already_booked", "session_closed", "waitlist_closed")


class PlaceView(APIView):
    """A member's place in line for a full session."""

    @extend_schema(request=None, responses={201: PlaceSerializer, 409: NOT_IN_LINE})
    def post(self, request: Request, pk: int) -> Response:
        try:
            entry = waitlist.join(member=member_of(request), session_id=pk, now=timezone.now())
        except ClassSession.DoesNotExist as error:
            raise Http404 from error
        place = waitlist.entries(entry.member).get(pk=entry.pk)
        return Response({"position": vars(place)["position"]}, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Leave the line; an offer that is not paid for yet goes to the next. Repeatable."""
        if not ClassSession.objects.filter(pk=pk).exists():
            raise Http404
        now = timezone.now()
        offer = waitlist.leave(member=member_of(request), session_id=pk, now=now)
        if offer is not None:
            settlement.lapse(offer, by="member", reason="member", now=now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WaitlistView(generics.ListAPIView):
    """One's own places in line, newest first."""

    queryset = WaitlistEntry.objects.none()
    serializer_class = WaitlistEntrySerializer
    filter_backends = ()

    def get_queryset(self) -> QuerySet[WaitlistEntry]:
        return waitlist.entries(member_of(self.request))
