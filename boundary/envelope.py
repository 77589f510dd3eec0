from dataclasses import asdict

from django.http import JsonResponse
from drf_spectacular.utils import OpenApiResponse
from drf_standardized_errors.types import CLIENT_ERROR, SERVER_ERROR, Error, ErrorResponse, ErrorType
from rest_framework import serializers

REFUSAL_TYPES = [(name, name) for name in ("validation_error", "client_error", "server_error")]


class RefusalErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class RefusalSerializer(serializers.Serializer):
    """The one shape of every refusal; `errors[0].code` says which."""

    type = serializers.ChoiceField(choices=REFUSAL_TYPES)
    errors = RefusalErrorSerializer(many=True)  # type: ignore[assignment]


def refused(*codes: str) -> OpenApiResponse:
    """How the OpenAPI document tells the codes an answer may have."""
    return OpenApiResponse(RefusalSerializer, ", ".join(f"`{code}`" for code in codes))


def refusal(status: int, code: str, detail: str) -> JsonResponse:
    """The one error envelope, for views that are not DRF's."""
    kind: ErrorType = SERVER_ERROR if status >= 500 else CLIENT_ERROR
    return JsonResponse(asdict(ErrorResponse(kind, [Error(code, detail, None)])), status=status)
