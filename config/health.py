"""Is it alive, and can it serve."""

from functools import lru_cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from config import backlog


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@lru_cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Those that this release has: they are read from the disk once, because a probe comes every few seconds."""
    return frozenset(MigrationLoader(None).graph.nodes)


def _migrations_pending() -> bool:
    return not _migrations() <= MigrationRecorder(connection).applied_migrations().keys()


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, has every migration and cron keeps up; 503 with what is wrong."""
    try:
        problems = _problems()
    except (DatabaseError, InterfaceError):
        problems = ["database"]
    if problems:
        return JsonResponse({"status": "unavailable", "problems": problems}, status=503)
    return JsonResponse({"status": "ok"})


def _problems() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if _migrations_pending():
        return ["migrations"]
    return [
        f"{name}: the oldest of {waiting.count} is {waiting.seconds / 60:.0f} minutes overdue"
        for name, waiting in backlog.measure(timezone.now(), backlog.CRON).items()
        if waiting.late
    ]
