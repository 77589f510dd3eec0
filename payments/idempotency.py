from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

LONGEST = 255


def key_of(request: Request) -> str | None:
    """The request's Idempotency-Key; refused unless it is 1 to 255 printable ASCII characters."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise ValidationError(
            {"Idempotency-Key": ["The header must be 1 to 255 printable ASCII characters."]}, code="invalid"
        )
    return key
