"""How DRF, its errors and the OpenAPI document are set up."""

from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"

ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "config.errors.ExceptionHandler",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
OPENAPI = {
    "TITLE": "Holdfast",
    "DESCRIPTION": (DOCS / "api.md").read_text(),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "SessionStatusEnum": "booking.models.ClassSession.Status",
        "BookingStatusEnum": "booking.models.Booking.Status",
        "PurchaseStatusEnum": "payments.models.PackPurchase.Status",
        "RefusalTypeEnum": "boundary.envelope.REFUSAL_TYPES",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums"],
}


def framework(*, rate_limits: bool, proxies: int) -> dict[str, Any]:
    """DRF's settings; without rate limits every scope is unlimited."""
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "members.authentication.SessionTokenAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["config.parsers.StrictJSONParser"],
        "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
        "DEFAULT_PAGINATION_CLASS": "config.pagination.CursorPagination",
        "DEFAULT_THROTTLE_RATES": {
            "book": "30/min" if rate_limits else None,
            "sync": "12/min" if rate_limits else None,
            "calendar": "120/min" if rate_limits else None,
            "export": "6/min" if rate_limits else None,
            "schema": "30/min" if rate_limits else None,
        },
        "NUM_PROXIES": proxies,
        "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
        "DEFAULT_SCHEMA_CLASS": "config.drawing.AutoSchema",
        "URL_FORMAT_OVERRIDE": None,
    }
