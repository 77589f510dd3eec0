"""Runs every command of the program in one process, as talkative as it can be, whatever fails around it."""

import os
import traceback

from tests.security import served

# isort: split
# What needs Django to be set up, which the line above does.
from django.core.management import call_command

__all__ = ["served"]

COMMANDS: dict[str, dict[str, object]] = {
    "check": {"deploy": True},
    "expire_pending_bookings": {},
    "submit_refunds": {},
    "deliver_messages": {},
    "send_reminders": {},
    "generate_sessions": {},
    "sync_roles": {},
    "reconcile_payments": {"patience": 0, "fix": True},
    "check_integrity": {},
    "showmigrations": {},
}


def main() -> None:
    for name in os.environ.get("COMMANDS", ",".join(COMMANDS)).split(","):
        print(f"--- {name}")
        try:
            call_command(name, verbosity=3, **COMMANDS[name])
        except (SystemExit, Exception):
            traceback.print_exc()


if __name__ == "__main__":
    main()
