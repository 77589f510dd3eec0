"""The memory of gunicorn's processes while requests of every kind go by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench import asking, crowd
from bench.bookings import serving
from bench.load import send
from bench.works import CLIENTS
from tests.failover.pair import children

AT_A_TIME_SECONDS = 5


@dataclass(frozen=True)
class Footprint:
    """After so many requests the largest process has so many megabytes."""

    requests: list[int]
    megabytes: list[float]


def measure(requests: int) -> Footprint:
    """Bookings, refusals, webhooks and the schedule by turns, until there were so many."""
    kinds = (
        asking.schedule,
        asking.bookings,
        lambda: asking.bookings(crowd.FULL),
        asking.successes,
    )
    done, sent, weighed, turn = 0, [0], [], 0
    with serving("config.wsgi", STRIPE_WEBHOOK_SECRET=asking.WEBHOOK_SECRET) as server:
        weighed.append(_heaviest(server.process.pid))
        while done < requests:
            load = send(server.base, kinds[turn % len(kinds)](), clients=CLIENTS, seconds=AT_A_TIME_SECONDS)
            done += sum(load.codes.values())
            turn += 1
            if turn % len(kinds) == 0:
                sent.append(done)
                weighed.append(_heaviest(server.process.pid))
    return Footprint(sent, weighed)


def _heaviest(master: int) -> float:
    pages = [int(Path(f"/proc/{process}/statm").read_text().split()[1]) for process in children(master)]
    return max(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6
