from dataclasses import asdict

from django.http import JsonResponse
from drf_standardized_errors.types import CLIENT_ERROR, SERVER_ERROR, Error, ErrorResponse, ErrorType


def refusal(status: int, code: str, detail: str) -> JsonResponse:
    """The one error envelope, for views that are not DRF's."""
    kind: ErrorType = SERVER_ERROR if status >= 500 else CLIENT_ERROR
    return JsonResponse(asdict(ErrorResponse(kind, [Error(code, detail, None)])), status=status)
