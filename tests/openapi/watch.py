"""Every answer that a test's client is given under /api/ is one the OpenAPI document promises."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from tests.openapi import document


def install(report: Callable[[str], None], replace: Callable[[object, str, Any], None]) -> None:
    """Look at each answer of Django's test client and tell `report` what is wrong with it."""
    request = Client.request

    def watched(self: Client, **environ: Any) -> Any:
        answer = request(self, **environ)
        path = environ["PATH_INFO"]
        if path.startswith("/api/") and not answer.streaming:
            kind = answer.headers.get("Content-Type", "")
            for fault in document.faults(environ["REQUEST_METHOD"], path, answer.status_code, kind, answer.content):
                report(fault)
        return answer

    replace(Client, "request", watched)
