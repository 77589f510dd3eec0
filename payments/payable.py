from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.response import Response


def payable(answer: Mapping[str, Any], *, secret: str, created: bool) -> Response:
    """The answer to whoever has to pay by card: beside it the secret, while there is one, and kept by nobody."""
    keys = {"stripe_client_secret": secret, "stripe_publishable_key": settings.STRIPE_PUBLISHABLE_KEY}
    body = {**answer, **(keys if secret else {})}
    return Response(body, status=201 if created else 200, headers={"Cache-Control": "no-store"})
