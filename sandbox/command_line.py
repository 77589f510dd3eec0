"""The command line: serve, run a command beside the sandbox, print the environment, or steer one that is running."""

from __future__ import annotations

import argparse
import difflib
import os
import sys

from sandbox import callers, environment, port, starting
from sandbox.steering.commands import BY_NAME, COMMANDS
from sandbox.steering.hand import steer

_DESCRIPTION = "A Stripe and a Twilio on this machine, in memory, with test keys only."
_EXAMPLES = """
commands:
  (none)         serve until SIGINT or SIGTERM
  run            serve while a command runs, with the environment that points it here
  env            print that environment as KEY=value lines

commands for a sandbox that is running (each has its own --help):
{commands}

examples:
  python -m sandbox
  python -m sandbox --webhook-url http://localhost:8000/api/booking/stripe/webhook/ --webhook-secret whsec_one
  python -m sandbox --seed 7 --fault "webhook_dropped probability=0.2" --fault "latency seconds=0.1"
  python -m sandbox run -- python manage.py runserver
  python -m sandbox env --port 12111
  python -m sandbox intents
  python -m sandbox pay pi_3Abc
"""
_OTHERS = ("run", "env")


def main(arguments: list[str]) -> int:
    """Do what the arguments say; answers 0 done, 1 could not, 2 wrong usage, or the command's own status."""
    for name in ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"):
        if callers.is_live(os.environ.get(name, "")):
            return _refuse(f"{name} is a live key: the sandbox does not start beside it. Unset it.")
    own, command = _split(arguments)
    if any(callers.is_live(argument) for argument in own):
        return _refuse("a live key on the command line: the sandbox takes test keys only.")
    first = arguments[0] if arguments else "-"
    if first in BY_NAME:
        return _quietly(first, arguments[1:])
    if first == "run":
        return starting.run(own[1:], command)
    if first == "env":
        return _print_environment(arguments[1:])
    if not first.startswith("-"):
        near = difflib.get_close_matches(first, [*_OTHERS, *BY_NAME], n=1)
        hint = f"Is {near[0]} meant?" if near else "See python -m sandbox --help"
        return _refuse(f"no such command: {first}. {hint}")
    return starting.serve(arguments, description=_DESCRIPTION, examples=_EXAMPLES.format(commands=_summary()))


def _quietly(name: str, words: list[str]) -> int:
    try:
        status = steer(BY_NAME[name], words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, as `head` does; nothing more can be said to them, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def _print_environment(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox env", description="Print the environment that points a program at the sandbox."
    )
    port.add(parser, "of the sandbox")
    options = parser.parse_args(arguments)
    for name, value in environment.variables(f"http://127.0.0.1:{options.port}").items():
        print(f"{name}={value}")
    return 0


def _summary() -> str:
    return "\n".join(f"  {command.name:<14} {command.does}" for command in COMMANDS)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _refuse(message: str) -> int:
    print(f"sandbox: {message}", file=sys.stderr)
    return 2
