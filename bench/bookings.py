"""What the product does in a second beside a bare booking in DRF: bookings, refusals, webhooks and the schedule.

    python -m bench.cluster bench.bookings [--turns 3] [--seconds 4]

Both run in gunicorn with the product's numbers, over one PostgreSQL with durable commits, and take turns; sixteen
clients, each request another member's. Needs wrk. Read the ratios: the rates move with whatever else the machine does.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bench.prepared  # noqa: F401 - sets Django up
from bench import load

# isort: split
from django.conf import settings
from django.core.management import call_command

from bench import asking, crowd, works
from tests.races.server import Server

# Stripe is not asked: what comes from it is told by signed events alone.
NOBODY = "http://127.0.0.1:1"


def fill() -> None:
    """Members and sessions, in the product and in the yardstick."""
    call_command("migrate", verbosity=0)
    crowd.settle_in()
    crowd.settle_in_yardstick()


@contextmanager
def serving(application: str, *, sandbox: str = NOBODY, **more: str) -> Iterator[Server]:
    """It, in gunicorn with the product's numbers, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        number = settings.WEB_CONCURRENCY
        server = Server(application, sandbox=sandbox, log=Path(folder) / "log", processes=number, **more)
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()


@contextmanager
def both() -> Iterator[tuple[Server, Server]]:
    """The product and the yardstick, side by side."""
    with (
        serving("config.wsgi", STRIPE_WEBHOOK_SECRET=asking.WEBHOOK_SECRET) as product,
        serving("bench.yardstick.wsgi", DJANGO_SETTINGS_MODULE="bench.yardstick.settings") as yardstick,
    ):
        yield product, yardstick


def main() -> None:
    """Fill, take turns, and print the rates and the ratios."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster bench.bookings", description="Bookings a second.")
    parser.add_argument("--turns", type=int, default=3, help="of each load (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=4, help="of one turn (default: %(default)s)")
    options = parser.parse_args()
    load.refuse_without_wrk()
    fill()
    with both() as (product, yardstick):
        cases = works.cases(product.base, yardstick.base)
        found = works.take_turns(cases, turns=options.turns, seconds=options.seconds)
    for name, measured in found.items():
        print(f"{name:28}{measured.rate:8.0f}/s   p99 {measured.p99:6.0f} ms   failures {measured.failures}")
    for one, other, goal in works.RATIOS:
        print(f"{works.against(one, other)} = {found[one].against(found[other]):.2f}, goal {goal}")


if __name__ == "__main__":
    main()
