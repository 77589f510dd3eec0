"""Starting the sandbox, alone or beside a command: the options, and what they make of it."""

from __future__ import annotations

import argparse
from typing import Any

from sandbox import environment, port, running
from sandbox.faults import written
from sandbox.state import Targets

_RUN_EXAMPLES = """
examples:
  python -m sandbox run -- python manage.py runserver
  python -m sandbox run --port 0 --app-url http://localhost:9000 -- gunicorn -b :9000 config.wsgi
  python -m sandbox run --seed 7 --fault "webhook_dropped probability=0.2" -- python manage.py runserver
"""


def serve(words: list[str], *, description: str, examples: str) -> int:
    """Serve until told to stop; answers 0, 1 where the port is taken, 2 for wrong usage."""
    parser = _parser("python -m sandbox", description, examples)
    parser.add_argument(
        "--webhook-url", metavar="URL", type=_url, help="where Stripe's events go; without it none is delivered"
    )
    parser.add_argument(
        "--webhook-secret", metavar="SECRET", action="append", help="signs the events; several while one is rolled"
    )
    _add_behaviour(parser)
    parser.add_argument("--twilio-sid", metavar="SID", help="the only Twilio account taken; without it, any")
    parser.add_argument("--twilio-token", metavar="TOKEN", help="its auth token")
    parser.add_argument("--twilio-from", metavar="NUMBER", help="its only WhatsApp sender; without it, any")
    options = parser.parse_args(words)
    targets = Targets(
        webhook_url=options.webhook_url,
        webhook_secrets=options.webhook_secret or [environment.WEBHOOK_SECRET],
        twilio_sid=options.twilio_sid,
        twilio_token=options.twilio_token,
        twilio_from=options.twilio_from,
        **_behaviour(options),
    )
    serving = running.serve(targets, port=options.port, faults=options.fault)
    return running.listen(serving, port=options.port)


def run(own: list[str], command: list[str]) -> int:
    """Serve while the command runs; answers its exit status, or 2 for wrong usage."""
    parser = _parser("python -m sandbox run", "Run COMMAND with the sandbox beside it.", _RUN_EXAMPLES)
    parser.usage = "python -m sandbox run [options] -- COMMAND ..."
    parser.add_argument(
        "--app-url",
        metavar="URL",
        type=_url,
        default=environment.DEFAULT_APP_URL,
        help="where COMMAND serves (default: %(default)s)",
    )
    _add_behaviour(parser)
    options = parser.parse_args(own)
    if not command:
        parser.error("no command after --")
    targets = Targets(
        webhook_url=options.app_url.rstrip("/") + environment.WEBHOOK_PATH,
        webhook_secrets=[environment.WEBHOOK_SECRET],
        **_behaviour(options),
    )
    return running.listen(running.run(command, targets, port=options.port, faults=options.fault), port=options.port)


def _parser(name: str, description: str, examples: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=name,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    port.add(parser, "on 127.0.0.1, and there alone; 0 picks a free one")
    return parser


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--retry-scale",
        metavar="FACTOR",
        type=_factor,
        default=1.0,
        help="scales the waits before retries and status callbacks; 0.1 is ten times faster (default: %(default)s)",
    )
    parser.add_argument("--seed", metavar="N", type=int, help="of chance, so that a run can be repeated")
    parser.add_argument(
        "--fault",
        metavar="FAULT",
        type=_fault,
        action="append",
        default=[],
        help='scripted from the start, until a reset; as "webhook_dropped probability=0.2"; see `fault --help`',
    )
    parser.add_argument(
        "--events-kept",
        metavar="N",
        type=_count,
        default=Targets.events_kept,
        help="the latest so many; older ones are forgotten (default: %(default)s)",
    )
    parser.add_argument(
        "--inbound-url", metavar="URL", type=_url, help="where messages that a phone writes go; without it, nowhere"
    )
    parser.add_argument(
        "--rate-limits", action="store_true", help="limit as Stripe does: 25 requests a second an endpoint"
    )


def _behaviour(options: argparse.Namespace) -> dict[str, Any]:
    named = ("retry_scale", "seed", "events_kept", "rate_limits", "inbound_url")
    return {name: getattr(options, name) for name in named}


def _fault(line: str) -> dict[str, Any]:
    try:
        return written.read(line)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{line!r}: {error}") from error


def _factor(said: str) -> float:
    factor = float(said)
    if not 0 < factor <= 1000:
        raise argparse.ArgumentTypeError("above 0 and up to 1000")
    return factor


def _count(said: str) -> int:
    if not said.isdecimal() or int(said) < 1:
        raise argparse.ArgumentTypeError("a number above 0 is wanted")
    return int(said)


def _url(said: str) -> str:
    if not said.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError("must begin with http:// or https://")
    return said
