"""One command, from its words to the line that is printed and the status it ends with."""

from __future__ import annotations

import argparse
import json
import re
import sys
from typing import Any
from urllib.parse import quote

from sandbox import port
from sandbox.steering import showing
from sandbox.steering.asking import Unanswered, ask, refusal
from sandbox.steering.commands import Command, Told


def steer(command: Command, words: list[str]) -> int:
    """Do it; answers 0 done, 1 refused or nobody there, 2 wrong usage."""
    parser = _parser(command)
    told = vars(parser.parse_args(words))
    number, as_json = told.pop("port"), told.pop("json")
    try:
        method, path, told = _question(command, told)
    except ValueError as error:
        parser.error(str(error))
    try:
        status, answer = ask(number, method, path, told)
    except Unanswered as unanswered:
        return _complain(str(unanswered))
    if status >= 400 and status != command.expected:
        return _complain(refusal(answer))
    _print(answer, as_json=as_json)
    return 0


def _question(command: Command, told: Told) -> tuple[str, str, Told]:
    path = command.path
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", quote(str(told.pop(name)), safe=""))
    method = command.method
    if command.method_with is not None:
        name, other = command.method_with
        if name in told:
            method = other
        if other == "DELETE":
            told.pop(name, None)
    told = command.translate(told) if command.translate is not None else told
    return method, path, dict(command.fixed) | told


def _parser(command: Command) -> argparse.ArgumentParser:
    examples = command.examples or (command.name,)
    parser = argparse.ArgumentParser(
        prog=f"python -m sandbox {command.name}",
        description=command.does,
        epilog="examples:\n" + "\n".join(f"  python -m sandbox {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    for flag, options in command.arguments:
        parser.add_argument(flag, **options)
    port.add(parser, "of the running sandbox, on 127.0.0.1")
    parser.add_argument("--json", action="store_true", default=False, help="print the whole answer as JSON")
    return parser


def _print(answer: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    for line in showing.lines(answer):
        print(line)


def _complain(sentence: str) -> int:
    print(f"sandbox: {sentence}", file=sys.stderr)
    return 1
