"""How the OpenAPI document is drawn from the views: each refusal that can happen, and none that cannot."""

from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular import openapi
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import DefaultContentNegotiation

from boundary.envelope import RefusalSerializer
from members.models import Member

REFUSALS = {
    400: "`invalid` and the codes of single fields, named in `attr`: the request cannot be read or is not valid.",
    401: "`not_authenticated`: no credentials, or dead ones.",
    403: "`permission_denied`: for staff, or sent with a cookie and no CSRF token.",
    404: "`not_found`: absent, or somebody else's.",
    406: "`not_acceptable`: the Accept header asks for something other than what is answered here.",
    411: "`length_required`: the body is sent in chunks, without its length.",
    413: "`body_too_large`: the body is larger than a megabyte.",
    415: "`unsupported_media_type`: the body is not JSON.",
    429: "`throttled`: too many requests; Retry-After says when to come back.",
    503: "`service_unavailable`: the database is busy; send the same request again.",
}

# A view with one of these reads its query, and refuses what it cannot read.
FILTERED = ("filterset_class", "filterset_fields", "search_fields")


class AutoSchema(openapi.AutoSchema):
    """The library's, with the refusals of `REFUSALS` where a view can give them."""

    def _get_response_bodies(self, direction: str = "response") -> Any:
        drawn = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        if direction == "response":
            for status, description in REFUSALS.items():
                if self._can_be_refused(status):
                    drawn.setdefault(str(status), self._refusal(status, description))
        return dict(sorted(drawn.items()))

    def get_auth(self) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = [way for way in super().get_auth() if way]
        return [*ways, {}] if self._is_open_to(AnonymousUser()) else ways

    def _refusal(self, status: int, description: str) -> Any:
        answer = OpenApiResponse(RefusalSerializer, description)
        return self._get_response_for_code(answer, str(status))  # type: ignore[no-untyped-call]

    def _can_be_refused(self, status: int) -> bool:
        view, reads_a_body = self.view, self.method in ("POST", "PATCH")
        with_cookie = any(isinstance(way, SessionAuthentication) for way in view.get_authenticators())
        return {
            400: reads_a_body or any(hasattr(view, name) for name in FILTERED),
            401: not self._is_open_to(AnonymousUser()),
            403: (self.method != "GET" and with_cookie) or not self._is_open_to(Member()),
            404: "{" in self.path or self._is_list_view(),
            406: isinstance(view.get_content_negotiator(), DefaultContentNegotiation),
            411: reads_a_body,
            413: reads_a_body,
            415: reads_a_body,
            429: bool(view.get_throttles()),
            503: True,
        }[status]

    def _is_open_to(self, user: Any) -> bool:
        asked: Any = SimpleNamespace(method=self.method, user=user)
        return all(permission.has_permission(asked, self.view) for permission in self.view.get_permissions())


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "members.authentication.SessionTokenAuthentication"
    name = "sessionToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token"}
