from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from boundary.envelope import refusal
from notifications import delivery, twilio_client
from notifications.models import Message

STATUSES = {
    "sent": Message.Status.SENT,
    "delivered": Message.Status.DELIVERED,
    "read": Message.Status.READ,
    "undelivered": Message.Status.FAILED,
    "failed": Message.Status.FAILED,
}


@method_decorator(csrf_exempt, name="dispatch")
class TwilioStatusView(View):
    """Twilio's status callback: signed, repeatable, in any order; a row only ever moves forward."""

    http_method_names = ("post",)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return refusal(405, "method_not_allowed", f'Method "{request.method}" not allowed.')

    def post(self, request: HttpRequest, message_id: UUID) -> HttpResponse:
        # Twilio signs the public address, which behind a proxy is not the one the request came in by.
        url = settings.PUBLIC_BASE_URL + request.get_full_path()
        signature = request.headers.get("X-Twilio-Signature")
        if not twilio_client.is_signed(url=url, parameters=request.POST, signature=signature):
            return refusal(403, "permission_denied", "The signature does not hold.")
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
