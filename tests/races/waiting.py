"""A process that runs the program's commands, one after another, as cron would: set up, and waiting at the barrier.

Each line it reads is a command in JSON, each line it writes is how that ended. With `unguarded` it can do without a
guard of the program, which the command names; see `unguarded.py`.
"""

import io
import json
import os
import sys
from contextlib import redirect_stdout

import django
from django.core.management import call_command
from django.db import connections


def run(arguments: list[str]) -> tuple[int, str]:
    """The exit status of a command, and what it said."""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            call_command(*arguments)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    finally:
        connections.close_all()
    return 0, said.getvalue()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    unguarded = None
    if sys.argv[1:] == ["unguarded"]:
        from tests.races import unguarded
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if unguarded:
            unguarded.Request.without = asked["without"]
        print(json.dumps(run(asked["arguments"])), flush=True)
