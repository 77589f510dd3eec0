from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import ClassVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking import cancellation, checkout, quotes, settlement
from booking.filters import BookingFilter
from booking.models import Booking, BookingTransition, ClassSession
from booking.permissions import named, visible_bookings
from booking.serializers import (
    BookedSerializer,
    BookingSerializer,
    BookSerializer,
    CancellationSerializer,
    CancelSerializer,
    ConfigSerializer,
    TransitionSerializer,
)
from boundary.envelope import refused
from boundary.throttling import Throttle
from members import acts
from members.requests import Asks, RolesMay, by, member_of
from payments import intents
from payments.idempotency import key_of
from payments.payable import payable

NOT_BOOKED = {
    409: refused("session_full", "already_booked", "session_closed", "insufficient_credits", "too_many_holds"),
    422: refused("idempotency_key_reused"),
    502: refused("payment_rejected"),
    503: refused("payments_not_configured", "payments_unavailable", "service_unavailable"),
}
NOT_CANCELLABLE = refused("not_cancellable")
STRIPE_SILENT = refused("payments_unavailable", "service_unavailable")


class ConfigView(APIView):
    """What a frontend needs to know before it shows anything."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=ConfigSerializer)
    def get(self, request: Request) -> Response:
        config = {
            "payments_enabled": settings.PAYMENTS_ENABLED,
            "stripe_publishable_key": settings.STRIPE_PUBLISHABLE_KEY,
            "stripe_js_url": settings.STRIPE_JS,
            "currency": settings.STRIPE_CURRENCY,
            "hold_minutes": settings.BOOKING_HOLD_MINUTES,
            "time_zone": settings.STUDIO_TIME_ZONE,
            "server_time": timezone.now(),
        }
        return Response(config)


class BookView(APIView):
    """Book a seat: spends credits, or holds the seat and returns the secret to pay with."""

    throttle_classes = (Throttle,)
    throttle_scope = "book"

    @extend_schema(
        request=BookSerializer,
        responses={201: BookedSerializer, 200: BookedSerializer, **NOT_BOOKED},
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request, pk: int) -> Response:
        pay_with, key = _read_book_request(request)
        try:
            booked = checkout.book(
                member=member_of(request), session_id=pk, pay_with=pay_with, key=key, now=timezone.now()
            )
        except ClassSession.DoesNotExist as error:
            raise Http404 from error
        answer = BookingSerializer(booked.booking).data
        return payable(answer, secret=booked.client_secret, created=booked.created)


class BookingListView(generics.ListAPIView):
    """One's own bookings, newest first; staff see everyone's."""

    queryset = Booking.objects.none()
    serializer_class = BookingSerializer
    filterset_class = BookingFilter

    def get_queryset(self) -> QuerySet[Booking]:
        return visible_bookings(self.request).order_by("-created_at", "-id")


class BookingView(APIView):
    """One booking; someone else's cannot be told from one that does not exist."""

    @extend_schema(responses=BookingSerializer)
    def get(self, request: Request, reference: str) -> Response:
        return Response(BookingSerializer(_booking(request, reference)).data)


class BookingHistoryView(generics.ListAPIView):
    """Every change of a booking's status, in order."""

    serializer_class = TransitionSerializer
    filter_backends = ()
    queryset = BookingTransition.objects.none()

    def get_queryset(self) -> QuerySet[BookingTransition]:
        booking = _booking(self.request, self.kwargs["reference"])
        return BookingTransition.objects.filter(booking=booking).order_by("id")


class ActOnBooking(APIView):
    """A member acts on their own bookings, and the front desk on everybody's."""

    permission_classes = (RolesMay,)
    asks: ClassVar = {"POST": Asks("booking.run_desk", of_own="")}

    def is_own(self, booking: Booking) -> bool:
        return booking.member_id == member_of(self.request).pk

    def booking(self, reference: str) -> Booking:
        booking = _booking(self.request, reference)
        self.check_object_permissions(self.request, booking)
        return booking


class BookingSyncView(ActOnBooking):
    """Ask Stripe now how the booking's payment stands, and apply the answer."""

    throttle_classes = (Throttle,)
    throttle_scope = "sync"

    @extend_schema(request=None, responses={200: BookingSerializer, 503: STRIPE_SILENT})
    def post(self, request: Request, reference: str) -> Response:
        booking = self.booking(reference)
        if booking.payment is not None:
            acting = by(request, owner_id=booking.member_id)
            if acting != "member":
                _log(request, "sync_booking", booking)
            intents.refresh(booking.payment, settle=settlement.settle, by=acting, now=timezone.now())
            booking.refresh_from_db()
        return Response(BookingSerializer(booking).data)


class CancellationView(APIView):
    """What cancelling the booking now returns, and a signed quote that keeps it so for some minutes."""

    @extend_schema(responses={200: CancellationSerializer, 409: NOT_CANCELLABLE})
    def get(self, request: Request, reference: str) -> Response:
        quote = quotes.draw(_booking(request, reference), now=timezone.now())
        signed = {"quote": quotes.sign(quote), "quote_expires_at": quote.expires_at}
        answer = asdict(quote) | {"returns": quote.returns} | signed
        return Response(CancellationSerializer(answer).data, headers={"Cache-Control": "no-store"})


class BookingCancelView(ActOnBooking):
    """Give a booking up; with a quote, for exactly what it promises."""

    @extend_schema(
        request=CancelSerializer, responses={200: BookingSerializer, 409: NOT_CANCELLABLE, 503: STRIPE_SILENT}
    )
    def post(self, request: Request, reference: str) -> Response:
        booking = self.booking(reference)
        asked = CancelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        acting, quote = by(request, owner_id=booking.member_id), asked.validated_data.get("quote")
        given_up = partial(
            cancellation.cancel, booking, by=acting, reason=acting.partition(":")[0], now=timezone.now(), quote=quote
        )
        cancelled = given_up() if acting == "member" else self._by_staff(request, booking, given_up)
        return Response(BookingSerializer(cancelled).data)

    def _by_staff(self, request: Request, booking: Booking, given_up: Callable[[], Booking]) -> Booking:
        """With a line in the log: in the same transaction, but before a hold is ended, for that asks Stripe."""
        with transaction.atomic():
            if booking.status in Booking.HOLDING:
                _log(request, "cancel_booking", booking)
            if booking.status == Booking.Status.PAID:
                return given_up()
        return given_up()


def _read_book_request(request: Request) -> tuple[str, str | None]:
    """What the body and the header ask for; whatever is wrong with either has the one code `invalid`."""
    body = BookSerializer(data=request.data)
    if not body.is_valid():
        raise ValidationError(
            {
                name: [ErrorDetail(str(error), code="invalid") for error in errors]
                for name, errors in body.errors.items()
            }
        )
    return body.validated_data["pay_with"], key_of(request)


def _booking(request: Request, reference: str) -> Booking:
    related = ("payment", "session__session_type", "member", "credit_spend")
    return named(visible_bookings(request).select_related(*related), reference)


def _log(request: Request, act: str, booking: Booking) -> None:
    """What staff ask for; what comes of it stands in the booking's history."""
    told = {"status": booking.status}
    acts.record(actor=member_of(request), act=act, subject=booking.subject, now=timezone.now(), before=told)
