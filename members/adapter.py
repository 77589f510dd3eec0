import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse

logger = logging.getLogger(__name__)


class MemberAccountAdapter(DefaultAccountAdapter):
    """allauth's adapter, with four changes of mind."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Too many failed attempts on one account are a 429 like every other limit; allauth makes them a 400."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            raise ImmediateHttpResponse(respond_429(request)) from error

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        """A twin of the request that signed up first makes this one a refusal, not a crash."""
        try:
            with transaction.atomic():
                return super().save_user(request, user, form, commit)
        except IntegrityError as error:
            taken = {"code": "email_taken", "param": "email", "message": "A member with this e-mail exists."}
            answer = JsonResponse({"status": 400, "errors": [taken]}, status=400)
            raise ImmediateHttpResponse(answer) from error

    def set_password(self, user: Any, password: str) -> None:
        """Writes the password alone: the row may have been erased or deactivated since it was read."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down must not stop anyone from signing up."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("The mail %s could not be sent", template_prefix)
