"""Is it alive, and can it serve."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def _migrations_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration; 503 with what is wrong."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending = _migrations_pending()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "problems": ["database"]}, status=503)
    if pending:
        return JsonResponse({"status": "unavailable", "problems": ["migrations"]}, status=503)
    return JsonResponse({"status": "ok"})
