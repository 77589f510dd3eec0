"""The yardstick's three answers: a booking, an empty view, and an empty view behind a token."""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import path
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.yardstick.models import Account, Entry, Lesson, Reservation


class LessonSerializer(serializers.ModelSerializer):
    class Meta:
        model = Lesson
        fields = ("id", "title", "starts_at", "capacity", "seats_taken")


class ReservationSerializer(serializers.ModelSerializer):
    lesson = LessonSerializer()

    class Meta:
        model = Reservation
        fields = ("id", "lesson", "status", "created_at")


class ReserveSerializer(serializers.Serializer):
    lesson = serializers.IntegerField(min_value=1)


class Full(Exception):
    pass


class ReserveView(APIView):
    """Debit, reservation, ledger, and the seat last by a conditional update: one credit, one seat."""

    permission_classes = (IsAuthenticated,)

    def post(self, request: Request) -> Response:
        asked = ReserveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            reservation = self._reserve(request.user, asked.validated_data["lesson"])
        except Full:
            return Response({"detail": "full"}, status=status.HTTP_409_CONFLICT)
        return Response(ReservationSerializer(reservation).data, status=status.HTTP_201_CREATED)

    @transaction.atomic
    def _reserve(self, user: Any, lesson: int) -> Reservation:
        if not Account._default_manager.filter(pk=user.pk, balance__gte=1).update(balance=F("balance") - 1):
            raise Full
        balance = Account._default_manager.values_list("balance", flat=True).get(pk=user.pk)
        reservation = Reservation._default_manager.create(lesson_id=lesson, user=user)
        Entry._default_manager.create(user=user, reservation=reservation, delta=-1, balance_after=balance)
        free = Lesson._default_manager.filter(pk=lesson, seats_taken__lt=F("capacity"))
        if not free.update(seats_taken=F("seats_taken") + 1):
            raise Full
        return reservation


class EmptyView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class EmptyTokenView(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [
    path("reserve/", ReserveView.as_view()),
    path("empty/", EmptyView.as_view()),
    path("readyz", EmptyView.as_view()),
    path("empty-token/", EmptyTokenView.as_view()),
]
