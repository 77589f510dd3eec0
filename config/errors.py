"""The one error envelope, for every refusal under /api/."""

import logging
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_standardized_errors import handler
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.response import Response

from boundary import faults
from boundary.envelope import refusal

logger = logging.getLogger(__name__)


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body of the request is too large."


class Unavailable(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "service_unavailable"
    default_detail = "The service is busy; send the same request again."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class ExceptionHandler(handler.ExceptionHandler):
    """drf-standardized-errors, with the contract's code for a body that cannot be read."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        exc = super().convert_known_exceptions(exc)
        if isinstance(exc, ParseError):
            return ParseError(str(exc.detail), code="invalid")
        if isinstance(exc, RequestDataTooBig):
            return BodyTooLarge()
        if isinstance(exc, SuspiciousOperation):
            return ParseError("The request is malformed.", code="invalid")
        if isinstance(exc, faults.UNAVAILABLE):
            logger.error("The database could not serve a request", exc_info=exc)
            return Unavailable()
        return exc

    def report_exception(self, exc: APIException, response: Response) -> None:
        """A refusal we chose to give, a 503 included, is no crash: it needs no traceback."""
        if not isinstance(self.exc, (APIException, *faults.UNAVAILABLE)):
            super().report_exception(exc, response)

    def get_response(self, exc: APIException, data: dict[str, Any]) -> Response:
        response = super().get_response(exc, data)
        # Django would log it as a warning or an error; it is an answer.
        response._has_been_logged = isinstance(self.exc, APIException)  # type: ignore[attr-defined]
        return response

    def get_headers(self, exc: APIException) -> dict[str, str]:
        return super().get_headers(exc) | getattr(exc, "headers", {})


def database_unavailable(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """The same answer where DRF does not stand in between: the webhooks, signing in, the admin."""
    if not isinstance(exception, faults.UNAVAILABLE):
        return None
    logger.error("The database could not serve a request", exc_info=exception)
    answer = refusal(503, Unavailable.default_code, Unavailable.default_detail)
    for name, value in Unavailable.headers.items():
        answer[name] = value
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return refusal(400, "invalid", "The request is malformed.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return refusal(403, "permission_denied", "You do not have permission to perform this action.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return refusal(404, "not_found", "Not found.")
    return defaults.page_not_found(request, exception)


@csrf_exempt
def no_such_path(request: HttpRequest, *parts: str) -> HttpResponse:
    return refusal(404, "not_found", "Not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return refusal(500, "error", "Server error.")
    return defaults.server_error(request)
