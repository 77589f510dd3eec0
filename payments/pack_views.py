"""Packs of credits and their purchases over HTTP."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from boundary.envelope import refused
from boundary.throttling import Throttle
from members import acts
from members.requests import ANYONE, Asks, RolesMay, by, may, member_of
from payments import intents, packs, purchases
from payments.idempotency import key_of
from payments.models import CreditPack, PackPurchase
from payments.payable import payable
from payments.serializers import BoughtSerializer, PackSerializer, PurchaseSerializer


class PackListView(generics.ListCreateAPIView):
    """Anyone lists the packs on sale, cheapest first; staff see all of them and add some."""

    queryset = CreditPack.objects.none()
    serializer_class = PackSerializer
    permission_classes = (RolesMay,)
    asks: ClassVar = {"GET": ANYONE, "POST": Asks("payments.add_creditpack")}

    def get_queryset(self) -> QuerySet[CreditPack]:
        rows = CreditPack.objects.order_by("amount", "id")
        return rows if may(self.request, "payments.view_creditpack") else rows.filter(active=True)

    @transaction.atomic
    def perform_create(self, serializer: BaseSerializer) -> None:
        made = serializer.save()
        told = serializer.validated_data
        _log(self.request, "create_pack", f"pack:{made.pk}", after=told)


class PackView(generics.UpdateAPIView):
    """Staff change a pack; what was sold stays as it was sold."""

    queryset = CreditPack.objects.all()
    serializer_class = PackSerializer
    permission_classes = (RolesMay,)
    asks: ClassVar = {"PATCH": Asks("payments.change_creditpack")}
    http_method_names = ("patch", "options")

    @transaction.atomic
    def perform_update(self, serializer: BaseSerializer) -> None:
        pack, new = self.get_object(), serializer.validated_data
        old = {name: getattr(pack, name) for name in new if getattr(pack, name) != new[name]}
        serializer.save()
        if old:
            after = {name: new[name] for name in old}
            _log(self.request, "change_pack", f"pack:{pack.pk}", before=old, after=after)


class BuyView(APIView):
    """Buy a pack: the secret to pay it with. Its credits are granted when it is paid."""

    throttle_classes = (Throttle,)
    throttle_scope = "book"

    @extend_schema(
        request=None,
        responses={
            201: BoughtSerializer,
            200: BoughtSerializer,
            422: refused("idempotency_key_reused"),
            502: refused("payment_rejected"),
            503: refused("payments_not_configured", "payments_unavailable", "service_unavailable"),
        },
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request, pk: int) -> Response:
        try:
            bought = packs.buy(member=member_of(request), pack_id=pk, key=key_of(request), now=timezone.now())
        except CreditPack.DoesNotExist as error:
            raise Http404 from error
        answer = PurchaseSerializer(bought.purchase).data
        return payable(answer, secret=bought.client_secret, created=bought.created)


class PurchaseListView(generics.ListAPIView):
    """One's own purchases, newest first; staff see everyone's."""

    queryset = PackPurchase.objects.none()
    serializer_class = PurchaseSerializer
    filterset_fields = ("status",)

    def get_queryset(self) -> QuerySet[PackPurchase]:
        return _visible(self.request).order_by("-created_at", "-id")


class PurchaseView(APIView):
    """One purchase; someone else's cannot be told from one that does not exist."""

    @extend_schema(responses=PurchaseSerializer)
    def get(self, request: Request, reference: str) -> Response:
        return Response(PurchaseSerializer(_purchase(request, reference)).data)


class PurchaseSyncView(APIView):
    """Ask Stripe now how the purchase's payment stands, and apply the answer."""

    throttle_classes = (Throttle,)
    throttle_scope = "sync"

    @extend_schema(
        request=None, responses={200: PurchaseSerializer, 503: refused("payments_unavailable", "service_unavailable")}
    )
    def post(self, request: Request, reference: str) -> Response:
        purchase = _purchase(request, reference)
        acting = by(request, owner_id=purchase.member_id)
        if acting != "member":
            _log(request, "sync_purchase", purchase.subject, before={"status": purchase.status})
        intents.refresh(purchase.payment, settle=purchases.settle, by=acting, now=timezone.now())
        purchase.refresh_from_db()
        return Response(PurchaseSerializer(purchase).data)


class PurchaseRefundView(APIView):
    """Staff take an unused pack back; its whole price is owed to the member."""

    permission_classes = (RolesMay,)
    asks: ClassVar = {"POST": Asks("payments.refund_payment")}

    @extend_schema(request=None, responses={200: PurchaseSerializer, 409: refused("pack_used", "not_refundable")})
    def post(self, request: Request, reference: str) -> Response:
        with transaction.atomic():
            refunded = purchases.refund_unused(_purchase(request, reference), now=timezone.now())
            told = {"status": refunded.status, "member": refunded.member_id, "amount": refunded.amount}
            before = {"status": PackPurchase.Status.PAID}
            _log(request, "refund_pack", refunded.subject, before=before, after=told)
        return Response(PurchaseSerializer(refunded).data)


def _visible(request: Request) -> QuerySet[PackPurchase]:
    rows: QuerySet[PackPurchase] = PackPurchase.objects.all()
    return rows if may(request, "payments.view_packpurchase") else rows.filter(member=member_of(request))


def _purchase(request: Request, reference: str) -> PackPurchase:
    rows = _visible(request).select_related("payment")
    purchase: PackPurchase = get_object_or_404(rows, reference=reference.upper())
    return purchase


def _log(request: Request, act: str, subject: str, **told: Any) -> None:
    acts.record(actor=member_of(request), act=act, subject=subject, now=timezone.now(), **told)
