"""A studio built through the door once, and put back for each test: to build it takes most of a test's time."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

APPS = ("members", "notifications", "payments", "booking")


def once(kept: list[Model], build: Callable[[], None]) -> None:
    """Build it if nothing is kept of it yet, else write the rows that are."""
    if not kept:
        build()
        kept += [row for app in APPS for model in apps.get_app_config(app).get_models() for row in _rows(model)]
        return
    with transaction.atomic():  # foreign keys are checked when it ends
        for row in kept:
            type(row)._base_manager.bulk_create([row])


def _rows(model: Any) -> list[Model]:
    return list(model._base_manager.order_by("pk"))
