from dataclasses import asdict
from typing import Any, ClassVar

from django.db import connections, transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from booking import session_cancellation
from booking.filters import SessionFilter
from booking.models import ClassSession
from booking.schedule import NOT_KEPT, page_at
from booking.serializers import SessionCancellationSerializer, SessionSerializer
from boundary.envelope import refused
from boundary.replica import PRIMARY, replica
from members import acts
from members.acted import plain
from members.requests import ANYONE, Asks, RolesMay, member_of


class PublicSchedule(generics.GenericAPIView):
    """The sessions, which who is not signed in reads from the replica.

    Whoever is signed in reads the primary, always: so nobody has to remember who wrote something, when, and where, and
    members and staff see at once what they did. A client that only shows the schedule asks without a token.
    """

    queryset = ClassSession.objects.all()
    serializer_class = SessionSerializer
    permission_classes = (RolesMay,)
    database = PRIMARY

    def get_queryset(self) -> QuerySet[ClassSession]:
        return super().get_queryset().using(self.database)

    # Its own docstring would stand in the OpenAPI document instead of those of the views.
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        def read(database: str) -> Response:
            self.database = database
            return super(PublicSchedule, self).get(request, *args, **kwargs)  # type: ignore[misc]

        return read(PRIMARY) if request.user.is_authenticated else replica.recent(read)


class SessionListView(PublicSchedule, generics.ListCreateAPIView):
    """Anyone lists the sessions by start; staff create them."""

    queryset = ClassSession.objects.order_by("starts_at", "id")
    asks: ClassVar = {"GET": ANYONE, "POST": Asks("booking.add_classsession")}
    filterset_class = SessionFilter

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """As it was last written, where that is worth a look and still the same."""
        can_be_kept = connections[self.database].vendor == "postgresql"
        now, page = timezone.now(), page_at(request.build_absolute_uri())
        if not (can_be_kept and request.query_params.keys().isdisjoint(NOT_KEPT) and page.is_asked_for_again()):
            return super().list(request, *args, **kwargs)
        marks = page.marks(self._first, using=self.database)
        content = page.content(marks, now=now)
        if content is not None:
            return HttpResponse(content, content_type="application/json")
        response = super().list(request, *args, **kwargs)
        page.keep(response, marks, now=now)
        return response

    def _first(self) -> QuerySet[ClassSession]:
        """The rows of the first page, and the one by which it is known that there are more."""
        assert isinstance(self.paginator, CursorPagination)
        size = self.paginator.get_page_size(self.request) or 0
        return self.filter_queryset(self.get_queryset())[: size + 1]

    @transaction.atomic
    def perform_create(self, serializer: BaseSerializer) -> None:
        made, now = serializer.save(), timezone.now()
        told = plain(serializer.validated_data)
        acts.record(
            actor=member_of(self.request), act="create_session", subject=f"session:{made.pk}", now=now, after=told
        )


class SessionView(PublicSchedule, generics.RetrieveUpdateAPIView):
    """Anyone reads a session; staff change it."""

    asks: ClassVar = {"GET": ANYONE, "PATCH": Asks("booking.change_classsession")}
    http_method_names = ("get", "patch", "head", "options")


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
