"""The command line: serve, run a command beside the sandbox, or print the environment."""

from __future__ import annotations

import argparse
import os
import sys

from sandbox import callers, environment, running
from sandbox.state import Targets

_EXAMPLES = """
commands:
  (none)  serve until SIGINT or SIGTERM
  run     serve while a command runs, with the environment that points it here
  env     print that environment as KEY=value lines

examples:
  python -m sandbox
  python -m sandbox --webhook-url http://localhost:8000/api/booking/stripe/webhook/ --webhook-secret whsec_one
  python -m sandbox run -- python manage.py runserver
  python -m sandbox run --help
  python -m sandbox env --port 12111
"""

_RUN_EXAMPLES = """
examples:
  python -m sandbox run -- python manage.py runserver
  python -m sandbox run --port 0 --app-url http://localhost:9000 -- gunicorn -b :9000 config.wsgi
"""


def main(arguments: list[str]) -> int:
    """Do what the arguments say; answers 0 done, 1 could not listen, 2 wrong usage, or the command's own status."""
    for name in ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"):
        if callers.is_live(os.environ.get(name, "")):
            return _refuse(f"{name} is a live key: the sandbox does not start beside it. Unset it.")
    if any(callers.is_live(argument) for argument in _split(arguments)[0]):
        return _refuse("a live key on the command line: the sandbox takes test keys only.")
    if arguments[:1] == ["run"]:
        return _run(arguments[1:])
    if arguments[:1] == ["env"]:
        return _print_environment(arguments[1:])
    return _serve(arguments)


def _serve(arguments: list[str]) -> int:
    parser = _parser(
        "python -m sandbox", "A Stripe and a Twilio on this machine, in memory, with test keys only.", _EXAMPLES
    )
    parser.add_argument(
        "--webhook-url", metavar="URL", type=_url, help="where Stripe's events go; without it none is delivered"
    )
    parser.add_argument(
        "--webhook-secret", metavar="SECRET", action="append", help="signs the events; several while one is rolled"
    )
    _add_pace(parser)
    parser.add_argument("--twilio-sid", metavar="SID", help="the only Twilio account taken; without it, any")
    parser.add_argument("--twilio-token", metavar="TOKEN", help="its auth token")
    options = parser.parse_args(arguments)
    targets = Targets(
        webhook_url=options.webhook_url,
        webhook_secrets=options.webhook_secret or [environment.WEBHOOK_SECRET],
        retry_scale=options.retry_scale,
        twilio_sid=options.twilio_sid,
        twilio_token=options.twilio_token,
    )
    return running.listen(running.serve(targets, port=options.port), port=options.port)


def _run(arguments: list[str]) -> int:
    own, command = _split(arguments)
    parser = _parser("python -m sandbox run", "Run COMMAND with the sandbox beside it.", _RUN_EXAMPLES)
    parser.usage = "python -m sandbox run [options] -- COMMAND ..."
    parser.add_argument(
        "--app-url",
        metavar="URL",
        type=_url,
        default=environment.DEFAULT_APP_URL,
        help="where COMMAND serves (default: %(default)s)",
    )
    _add_pace(parser)
    options = parser.parse_args(own)
    if not command:
        parser.error("no command after --")
    targets = Targets(
        webhook_url=options.app_url.rstrip("/") + environment.WEBHOOK_PATH,
        webhook_secrets=[environment.WEBHOOK_SECRET],
        retry_scale=options.retry_scale,
    )
    return running.listen(running.run(command, targets, port=options.port), port=options.port)


def _print_environment(arguments: list[str]) -> int:
    parser = _parser("python -m sandbox env", "Print the environment that points a program at the sandbox.", None)
    options = parser.parse_args(arguments)
    for name, value in environment.variables(f"http://127.0.0.1:{options.port}").items():
        print(f"{name}={value}")
    return 0


def _parser(name: str, description: str, examples: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=name, description=description, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--port",
        type=int,
        default=environment.DEFAULT_PORT,
        help="on 127.0.0.1; 0 picks a free one (default: %(default)s)",
    )
    return parser


def _add_pace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--retry-scale",
        metavar="FACTOR",
        type=float,
        default=1.0,
        help="scales the waits before retries and status callbacks; 0.1 is ten times faster (default: %(default)s)",
    )


def _url(written: str) -> str:
    if not written.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must begin with http:// or https://")
    return written


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def _refuse(message: str) -> int:
    print(f"sandbox: {message}", file=sys.stderr)
    return 2
