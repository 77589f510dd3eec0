"""Small things no library does for us."""

import json
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone
from whitenoise.middleware import WhiteNoiseFileResponse

from boundary import studio_clock
from boundary.envelope import refusal
from config import errors

GetResponse = Callable[[HttpRequest], HttpResponse]
GUARDS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    # No page asks for any of these; a payment is asked for by Stripe.js, in a frame of its own.
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), usb=()",
}


def readable_json(get_response: GetResponse) -> GetResponse:
    """Refuses JSON that allauth would crash on: nested too deeply, not Unicode, no text where it expects text."""

    def middleware(request: HttpRequest) -> HttpResponse:
        for_allauth = request.path_info.startswith("/_allauth/") and request.content_type == "application/json"
        if for_allauth and not _is_readable(request.body or b"null"):
            unreadable = {"code": "invalid", "message": "The body cannot be read."}
            return JsonResponse({"status": 400, "errors": [unreadable]}, status=400)
        return get_response(request)

    return middleware


def _is_readable(body: bytes) -> bool:
    try:
        data = json.loads(body)
        json.dumps(data, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError):
        return False
    except ValueError:
        return True  # no JSON at all: allauth says so itself
    if not isinstance(data, dict):
        return True
    # A reset key is two parts joined by a hyphen; allauth looks into the first without asking whether it is there.
    halved = str(data.get("key", "")).startswith("-")
    return not halved and all(isinstance(value, str | bool | None) for value in data.values())


class CompressedFrontend(GZipMiddleware):
    """Compresses the files of the frontend, and nothing else: no secret stands beside words of a stranger in them."""

    def process_request(self, request: HttpRequest) -> None:
        """What was compressed has a weak ETag, which WhiteNoise does not know as its own."""
        if "HTTP_IF_NONE_MATCH" in request.META:
            request.META["HTTP_IF_NONE_MATCH"] = request.META["HTTP_IF_NONE_MATCH"].removeprefix("W/")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        of_a_file = isinstance(response, WhiteNoiseFileResponse) and response.status_code == 200
        return super().process_response(request, response) if of_a_file else response


def guarded(get_response: GetResponse) -> GetResponse:
    """Gives every answer the headers no library sets; kept by no cache unless a view or WhiteNoise says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in GUARDS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def bounded_body(get_response: GetResponse) -> GetResponse:
    """Refuses by its headers a body larger than any view reads, and one without a length: Django takes it for none."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def middleware(request: HttpRequest) -> HttpResponse:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return refusal(411, "length_required", "The body of the request has no Content-Length.")
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isdigit() and int(length) > limit:
            return refusal(413, errors.BodyTooLarge.default_code, errors.BodyTooLarge.default_detail)
        return get_response(request)

    return middleware


def retry_after(get_response: GetResponse) -> GetResponse:
    """Gives every 429 a Retry-After: allauth's carry none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 429 and not response.has_header("Retry-After"):
            response["Retry-After"] = "60"
        return response

    return middleware


def studio_time_for_staff(get_response: GetResponse) -> GetResponse:
    """Shows and reads times in the studio's zone under /admin/; the API speaks UTC."""
    zone = studio_clock.zone()

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware


def database_faults(get_response: GetResponse) -> GetResponse:
    """Answers 503 where a view was let down by the database; DRF's views do so themselves."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.process_exception = errors.database_unavailable  # type: ignore[attr-defined]
    return middleware
