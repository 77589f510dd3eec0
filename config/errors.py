"""The one error envelope, for every refusal under /api/."""

from dataclasses import asdict

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from drf_standardized_errors import handler
from drf_standardized_errors.types import CLIENT_ERROR, SERVER_ERROR, Error, ErrorResponse, ErrorType
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.response import Response


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body of the request is too large."


class ExceptionHandler(handler.ExceptionHandler):
    """drf-standardized-errors, with the contract's code for a body that cannot be read."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        exc = super().convert_known_exceptions(exc)
        if isinstance(exc, ParseError):
            return ParseError(str(exc.detail), code="invalid")
        if isinstance(exc, RequestDataTooBig):
            return BodyTooLarge()
        return exc

    def report_exception(self, exc: APIException, response: Response) -> None:
        """A refusal we chose to give, a 503 included, is no crash: it needs no traceback."""
        if not isinstance(self.exc, APIException):
            super().report_exception(exc, response)

    def get_headers(self, exc: APIException) -> dict[str, str]:
        return super().get_headers(exc) | getattr(exc, "headers", {})


def envelope(http_status: int, code: str, detail: str) -> JsonResponse:
    kind: ErrorType = SERVER_ERROR if http_status >= 500 else CLIENT_ERROR
    return JsonResponse(asdict(ErrorResponse(kind, [Error(code, detail, None)])), status=http_status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return envelope(400, "invalid", "The request is malformed.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return envelope(403, "permission_denied", "You do not have permission to perform this action.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return envelope(404, "not_found", "Not found.")
    return defaults.page_not_found(request, exception)


def no_such_path(request: HttpRequest) -> HttpResponse:
    return envelope(404, "not_found", "Not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return envelope(500, "error", "Server error.")
    return defaults.server_error(request)
