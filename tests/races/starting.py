"""A command of the program in a process of its own, set up and waiting at the barrier: a line on stdin starts it.

`python -m tests.races.starting submit_refunds`; WITHOUT names a guard that it does without, see `unguarded`.
"""

import os
import sys

import django
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if os.environ.get("WITHOUT"):
        from tests.races import unguarded

        unguarded.request.without = os.environ["WITHOUT"]
    else:
        django.setup()
    print("ready", flush=True)
    sys.stdin.readline()
    execute_from_command_line(["manage.py", *sys.argv[1:]])
