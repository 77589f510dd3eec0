"""The port, which the sandbox and whoever steers it must agree on."""

from __future__ import annotations

import argparse
import os

from sandbox.environment import DEFAULT_PORT

VARIABLE = "SANDBOX_PORT"


def add(parser: argparse.ArgumentParser, what: str) -> None:
    """Give a command its `--port`, which the environment answers where it is not told."""
    # A string as default is read like a word of the command line, and refused like one.
    usual = os.environ.get(VARIABLE) or str(DEFAULT_PORT)
    parser.add_argument(
        "--port", type=_number, default=usual, metavar="N", help=f"{what} (default: {VARIABLE}, else {DEFAULT_PORT})"
    )


def _number(written: str) -> int:
    if not written.isdecimal() or int(written) > 65535:
        raise argparse.ArgumentTypeError(f"{written}: a port is a number up to 65535")
    return int(written)
