"""Is it alive, and can it serve."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from config import backlog

# What a command does that cron runs; the rest waits for staff.
CRON = ("stale_holds", "refunds_owed", "messages_due")


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def _migrations_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, has every migration and cron keeps up; 503 with what is wrong."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending = _migrations_pending()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "problems": ["database"]}, status=503)
    if pending:
        return JsonResponse({"status": "unavailable", "problems": ["migrations"]}, status=503)
    late = [
        f"{name}: the oldest of {waiting.count} is {waiting.seconds / 60:.0f} minutes overdue"
        for name, waiting in backlog.measure(timezone.now()).items()
        if name in CRON and waiting.late
    ]
    if late:
        return JsonResponse({"status": "unavailable", "problems": late}, status=503)
    return JsonResponse({"status": "ok"})
