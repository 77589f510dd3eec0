"""Small things no library does for us."""

import json
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

GetResponse = Callable[[HttpRequest], HttpResponse]


def readable_json(get_response: GetResponse) -> GetResponse:
    """Refuses, before allauth reads it, JSON that is nested too deeply or holds text that is no Unicode."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/_allauth/") and request.content_type == "application/json":
            try:
                json.dumps(json.loads(request.body or b"null"), ensure_ascii=False).encode()
            except (RecursionError, UnicodeEncodeError):
                unreadable = {"code": "invalid", "message": "The body cannot be read."}
                return JsonResponse({"status": 400, "errors": [unreadable]}, status=400)
            except ValueError:
                pass  # no JSON at all: allauth says so itself
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
    zone = ZoneInfo(settings.STUDIO_TIME_ZONE)

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/admin/"):
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware
