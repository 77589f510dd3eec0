"""What a request does not need when all it asks is whether somebody is let in: signing in anew, and words on pages.

Ten thousand requests are made so in seconds; who is who after signing in, and what stands on pages, other tests tell.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.cached_db import SessionStore
from django.http import HttpRequest, HttpResponse

from members.models import Member

WHO = "tests.who"


class Blank:
    """A template without a word on it."""

    origin = None

    def render(self, context: Any = None, request: Any = None) -> str:
        return ""


class BlankTemplates:
    """A template backend in which every template is there, and blank."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.name = params["NAME"]

    def get_template(self, name: str) -> Blank:
        return Blank()


def signed_in(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware that takes the word of the request for who asks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        who: Member | None = request.META[WHO]
        request.user = who or AnonymousUser()
        request.session = SessionStore()
        return get_response(request)

    return middleware
