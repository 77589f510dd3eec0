"""How the OpenAPI document is drawn from the views."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "members.authentication.SessionTokenAuthentication"
    name = "sessionToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token"}


class SchemaView(SpectacularAPIView):
    """The OpenAPI document. Drawing it takes a quarter of a second, so it is limited."""

    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "schema"
    api_version = ""

    def _get_version_parameter(self, request: Request) -> None:
        """There is one version; the library would copy the parameter into a header."""
