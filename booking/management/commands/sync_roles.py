from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from booking import roles
from boundary.command import OpsCommand


class Command(OpsCommand):
    help = """Gives the groups Owner, Manager, Front desk and Instructor exactly the permissions of this release.

Run it after migrate. Safe to run again; other groups, and who is in which, stay as they are.

Examples:
  manage.py sync_roles"""

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            changes = roles.sync(groups=Group.objects, permissions=Permission.objects)
        if options["verbosity"] > 1:
            for role, (given, taken) in changes.items():
                self.stdout.write(f"{role}: {given} permissions given, {taken} taken")
        given, taken = (sum(numbers) for numbers in zip(*changes.values(), strict=True))
        self.stdout.write(f"sync_roles: {len(changes)} roles, {given} permissions given, {taken} taken")
