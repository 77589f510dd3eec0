"""The member's calendar: a private address to subscribe to, and one booking as a file."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import calendar
from booking.models import CalendarFeed
from booking.permissions import named, visible_bookings
from booking.serializers import CalendarAddressSerializer, CalendarStateSerializer
from boundary.throttling import Throttle
from members.requests import member_of

ICS = {(200, "text/calendar"): OpenApiTypes.STR}
NOT_MODIFIED = OpenApiResponse(description="Nothing has changed since the ETag in If-None-Match.")


class WhateverIsAccepted(BaseContentNegotiation):
    """Calendar clients accept text/calendar alone, or nothing they name: the answer does not depend on it."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        first = next(iter(renderers))
        return first, first.media_type


class CalendarView(APIView):
    """The member's private calendar address."""

    @extend_schema(responses=CalendarStateSerializer)
    def get(self, request: Request) -> Response:
        feed = CalendarFeed.objects.filter(member=member_of(request)).first()
        return Response({"active": feed is not None, "created_at": feed.created_at if feed else None})

    @extend_schema(request=None, responses={201: CalendarAddressSerializer})
    def post(self, request: Request) -> Response:
        """A new address, shown this once; the old one answers 404 from now on."""
        token = CalendarFeed.issue(member_of(request), now=timezone.now())
        url = settings.PUBLIC_BASE_URL + reverse("calendar-feed", args=(token,))
        return Response({"url": url}, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """End the address; repeatable."""
        CalendarFeed.objects.filter(member=member_of(request)).delete()
        return Response(status=204)


class CalendarFeedView(APIView):
    """The member's bookings for a phone; whoever has the address may read it, without signing in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = WhateverIsAccepted
    throttle_classes = (Throttle,)
    throttle_scope = "calendar"

    @extend_schema(
        operation_id="booking_calendar_feed",
        responses={**ICS, 304: NOT_MODIFIED},
    )
    def get(self, request: Request, token: str) -> HttpResponseBase:
        feed = CalendarFeed.by_token(token)
        if feed is None:
            raise Http404
        return _answer(request, calendar.render(calendar.bookings_of(feed.member, now=timezone.now())))


class BookingCalendarView(APIView):
    """One booking as a calendar file."""

    content_negotiation_class = WhateverIsAccepted

    @extend_schema(operation_id="booking_bookings_calendar_file", responses={**ICS, 304: NOT_MODIFIED})
    def get(self, request: Request, reference: str) -> HttpResponseBase:
        rows = calendar.with_what_is_told(visible_bookings(request))
        booking = named(rows, reference)
        answer = _answer(request, calendar.render([booking]))
        answer["Content-Disposition"] = f'attachment; filename="{booking.reference}.ics"'
        return answer


def _answer(request: Request, body: bytes) -> HttpResponseBase:
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["ETag"] = etag = f'"{hashlib.sha256(body).hexdigest()}"'
    answer["Cache-Control"] = "private"
    return get_conditional_response(request._request, etag=etag, response=answer) or answer
