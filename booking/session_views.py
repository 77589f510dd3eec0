from dataclasses import asdict
from typing import ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import session_cancellation
from booking.models import ClassSession
from booking.serializers import SessionCancellationSerializer
from boundary.envelope import refused
from members.requests import Asks, RolesMay, member_of


class SessionCancelView(APIView):
    """Staff cancel a session: everybody gets back what they paid. Repeatable: it goes on with what is left."""

    permission_classes = (RolesMay,)
    asks: ClassVar = {"POST": Asks("booking.cancel_classsession")}

    @extend_schema(request=None, responses={200: SessionCancellationSerializer, 409: refused("session_closed")})
    def post(self, request: Request, pk: int) -> Response:
        session = get_object_or_404(ClassSession, pk=pk)
        endings = session_cancellation.cancel(session, actor=member_of(request), now=timezone.now())
        answer = {"status": session.status, "bookings": [asdict(ending) for ending in endings]}
        return Response(SessionCancellationSerializer(answer).data)
