"""Two small things no library does for us."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

GetResponse = Callable[[HttpRequest], HttpResponse]


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
