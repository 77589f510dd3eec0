from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from members.models import Member


def at_the_desk(carla: Member, *permissions: str) -> Client:
    """Carla's browser, with these permissions and no others."""
    carla.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    browser = Client()
    browser.force_login(carla)
    return browser


def act(desk: Client, model: str, action: str, pk: int) -> Any:
    return desk.post(f"/admin/payments/{model}/", {"action": action, "_selected_action": [pk]})
