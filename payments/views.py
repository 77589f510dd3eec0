from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from boundary.envelope import refusal, refused
from members import acts
from members.models import Member
from members.requests import Asks, RolesMay, member_of
from payments import credits, stripe_client, webhooks
from payments.exceptions import BadWebhook
from payments.idempotency import key_of
from payments.models import CreditEntry, CreditLot
from payments.outcomes import Settle
from payments.serializers import ENTRIES_SHOWN, CreditsSerializer, GrantedSerializer, GrantSerializer
from payments.webhooks import Express


@method_decorator(csrf_exempt, name="dispatch")
class StripeWebhookView(View):
    """Stripe's events: the signature first, over the raw bytes; 2xx only after the commit.

    A plain view: no parser, throttle or authentication stands between the bytes and their signature.
    """

    http_method_names = ("post",)
    settle: Settle | None = None
    express: Express | None = None

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = refusal(405, "method_not_allowed", f'Method "{request.method}" not allowed.')
        answer["Allow"] = "POST"
        return answer

    def post(self, request: HttpRequest) -> HttpResponse:
        assert self.settle is not None, "config.urls passes settle"
        assert self.express is not None, "config.urls passes express"
        if not settings.STRIPE_WEBHOOK_SECRETS:
            return refusal(503, "payments_not_configured", "STRIPE_WEBHOOK_SECRET is not set.")
        try:
            event = stripe_client.verify(request.body, request.headers.get("Stripe-Signature"))
        except (BadWebhook, RequestDataTooBig, UnreadablePostError) as error:
            return refusal(400, "invalid", str(error))
        received = webhooks.receive(event, settle=self.settle, express=self.express, now=timezone.now())
        return JsonResponse({"received": received})


class CreditsView(APIView):
    """The credits of the member who asks."""

    @extend_schema(responses=CreditsSerializer)
    def get(self, request: Request) -> Response:
        member, now = member_of(request), timezone.now()
        lots = list(credits.usable(member, at=now))
        entries = CreditEntry.objects.filter(lot__member=member).select_related("lot", "spend").order_by("-id")
        shown = {"balance": sum(lot.remaining for lot in lots), "lots": lots, "entries": entries[:ENTRIES_SHOWN]}
        return Response(CreditsSerializer(shown).data)


class GrantView(APIView):
    """Staff give a member credits."""

    permission_classes = (RolesMay,)
    asks: ClassVar = {"POST": Asks("payments.add_creditlot")}

    @extend_schema(
        request=GrantSerializer,
        responses={201: GrantedSerializer, 200: GrantedSerializer, 422: refused("idempotency_key_reused")},
        parameters=[OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)],
    )
    def post(self, request: Request) -> Response:
        asked = GrantSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        staff, key = member_of(request), key_of(request)
        lot, created = _grant(asked.validated_data, staff=staff, key=key, now=timezone.now())
        return Response(GrantedSerializer(lot).data, status=201 if created else 200)


@transaction.atomic
def _grant(asked: dict[str, Any], *, staff: Member, key: str | None, now: datetime) -> tuple[CreditLot, bool]:
    lot, created = credits.grant(**asked, granted_by=staff, now=now, idempotency_key=key)
    if created:
        told = {"member": lot.member_id, "credits": lot.granted, "expires_at": lot.expires_at}
        subject = f"credits:{lot.pk}"
        acts.record(actor=staff, act="grant_credits", subject=subject, now=now, after=told, reason=lot.note)
    return lot, created
