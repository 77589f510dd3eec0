"""Where the OpenAPI document is served; `drawing` draws it."""

from types import SimpleNamespace
from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from boundary.throttling import Throttle


class ByFormat(DefaultContentNegotiation):
    """The document alone can be asked for by `?format=`: everything else is JSON."""

    settings: Any = SimpleNamespace(URL_FORMAT_OVERRIDE="format")


class SchemaView(SpectacularAPIView):
    """The OpenAPI document. Drawing it takes a quarter of a second, so it is limited."""

    content_negotiation_class = ByFormat
    throttle_classes = (Throttle,)
    throttle_scope = "schema"
    api_version = ""

    def _get_version_parameter(self, request: Request) -> None:
        """There is one version; the library would copy the parameter into a header."""
