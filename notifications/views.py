import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from boundary.envelope import refusal
from notifications import delivery, replies, twilio_client
from notifications.models import Message

WHATSAPP_NUMBER = re.compile(r"whatsapp:(\+[1-9][0-9]{6,14})")
SID = re.compile(r"[A-Za-z0-9_]{1,64}")
STATUSES = {
    "sent": Message.Status.SENT,
    "delivered": Message.Status.DELIVERED,
    "read": Message.Status.READ,
    "undelivered": Message.Status.FAILED,
    "failed": Message.Status.FAILED,
}


@method_decorator(csrf_exempt, name="dispatch")
class SignedView(View):
    """What Twilio posts: nothing is done unless its signature holds."""

    http_method_names = ("post",)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not _is_signed(request):
            return refusal(403, "permission_denied", "The signature does not hold.")
        return super().dispatch(request, *args, **kwargs)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return refusal(405, "method_not_allowed", f'Method "{request.method}" not allowed.')


class TwilioStatusView(SignedView):
    """Twilio's status callback: signed, repeatable, in any order; a row only ever moves forward."""

    def post(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        status = STATUSES.get(request.POST.get("MessageStatus", ""))
        message = Message.objects.filter(pk=message_id).first()
        if message and status:
            message.advance(
                timezone.now(),
                status,
                sid=request.POST.get("MessageSid", "")[:64] or message.sid,
                reason=request.POST.get("ErrorCode", ""),
            )
            if status == Message.Status.FAILED:
                delivery.after_commit(message.pk)
        return HttpResponse(status=204)


class TwilioReplyView(SignedView):
    """What a member writes on WhatsApp: signed, repeatable, answered with what Twilio is to send back."""

    act: replies.Act | None = None

    def post(self, request: HttpRequest) -> HttpResponse:
        assert self.act is not None, "config.urls passes act"
        given = {name: request.POST.get(name, "").replace("\0", "") for name in ("MessageSid", "From", "To", "Body")}
        phone = WHATSAPP_NUMBER.fullmatch(given["From"])
        if not (phone and SID.fullmatch(given["MessageSid"])):
            return refusal(400, "invalid", "From is a WhatsApp number, and MessageSid is set.")
        if given["To"] != f"whatsapp:{settings.TWILIO_WHATSAPP_FROM}":
            return refusal(403, "permission_denied", "It was written to another number.")
        answer = replies.answer(
            sid=given["MessageSid"], phone=phone[1], text=given["Body"], act=self.act, now=timezone.now()
        )
        return HttpResponse(twilio_client.answer_to_phone(answer), content_type="text/xml; charset=utf-8")


def _is_signed(request: HttpRequest) -> bool:
    # Twilio signs the public address, which behind a proxy is not the one the request came in by.
    url = settings.PUBLIC_BASE_URL + request.get_full_path()
    signature = request.headers.get("X-Twilio-Signature")
    return twilio_client.is_signed(url=url, parameters=request.POST, signature=signature)
