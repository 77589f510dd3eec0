"""Runs commands of the program, each in a forked process of its own: `python -m tests.faults.cron <application>`.

A line of JSON on standard input is a command's words; the answers are its process id at once, and how it ended.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback

from tests.faults import served  # noqa: F401 - sets Django up

# isort: split
from django.core.management import execute_from_command_line

from notifications import delivery
from payments import intents


def main() -> None:
    importlib.import_module(sys.argv[1])  # the program, or one without its guards
    answer({"ready": True})
    for line in sys.stdin:
        words = json.loads(line)
        with tempfile.TemporaryFile() as output:
            child = os.fork()
            if child == 0:
                run(words, output.fileno())
            answer({"process": child})
            _, status = os.waitpid(child, 0)
            output.seek(0)
            answer({"status": os.waitstatus_to_exitcode(status), "output": output.read().decode(errors="replace")})


def run(words: list[str], output: int) -> None:
    """In the child: the command, then what runs after its commits, as at the end of `manage.py`."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    status = 0
    try:
        execute_from_command_line(["manage.py", *words, "--skip-checks"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 70
    for lane in (intents.lane, delivery.lane):
        lane.wait(60)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def answer(what: dict[str, object]) -> None:
    os.write(OUT, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    # A child has its own standard output; the answers leave by a way that it does not share.
    OUT = os.dup(1)
    main()
