"""The program on this machine: what one request costs, and how many bookings a second come of more processes.

Real gunicorn processes over a PostgreSQL that keeps what it commits, with a hot standby; Stripe is the sandbox, on
loopback, without a pause. Clients and servers share the machine: read the figures beside each other.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from bench.sandbox import sandbox
from bench.scaling.crowd import Answers, Ask, ask, commit_milliseconds, processor_seconds
from bench.scaling.monday import Costs
from sandbox.environment import WEBHOOK_PATH
from tests.cast import Sandbox
from tests.failover.pair import Pair
from tests.faults.durable import durable
from tests.faults.house import House

CLIENTS = 16
SHAPES = ((1, 4), (1, 8), (1, 16), (2, 4), (2, 8), (2, 16), (4, 8))
USUAL = (2, 8)
SCHEDULE = "/api/booking/sessions/?page_size=50"
Pairs = Iterator[tuple[str, int]]


class Bench:
    """The pair, the members and sessions in it, and the sandbox; servers come and go."""

    def __init__(self, folder: Path, pair: Pair, people: dict[str, Any], stripe: str, count: int) -> None:
        self.folder, self.pair, self.stripe, self.count = folder, pair, stripe, count
        tokens = [member["token"] for member in people["members"]]
        sessions = [row[0] for row in pair.primary.answers("SELECT id FROM booking_classsession ORDER BY id")]
        early, late = sessions[: len(sessions) // 2], sessions[len(sessions) // 2 :]
        # Everybody wants one session, and then the next; or each another one.
        self.hot: Pairs = ((token, session) for session in early for token in tokens)
        self.spread: Pairs = (
            (token, late[(turn + place * 5) % len(late)])
            for turn in range(len(late))
            for place, token in enumerate(tokens)
        )
        self.servers = 0

    @contextmanager
    def serving(self, shape: tuple[int, int], **more: Any) -> Iterator[House]:
        """A server of so many processes with so many threads each."""
        self.servers += 1
        folder = self.folder / str(self.servers)
        folder.mkdir()
        load = {"WEB_CONCURRENCY": str(shape[0]), "WEB_THREADS": str(shape[1]), "MAX_HOLDS_PER_MEMBER": "100000"}
        house = House(database=self.pair.primary.url, web=self.stripe, folder=folder, **load | more)
        try:
            house.wait_until_ready()
            ask([Ask("GET", f"{base(house)}{SCHEDULE}")] * 4 * shape[0], clients=2 * shape[0])
            yield house
        finally:
            house.close()

    def book(self, house: House, pairs: Pairs, pay_with: str) -> Answers:
        """So many bookings; each must be made."""
        asks = [
            Ask("POST", f"{base(house)}/api/booking/sessions/{session}/book/", token, {"pay_with": pay_with})
            for token, session in islice(pairs, self.count)
        ]
        answers = ask(asks, clients=CLIENTS)
        if set(answers.statuses) != {201}:
            raise SystemExit(f"bench.scaling: bookings were answered {dict(answers.statuses)}")
        return answers

    def read(self, house: House) -> Answers:
        return ask([Ask("GET", f"{base(house)}{SCHEDULE}")] * self.count, clients=CLIENTS)

    def used(self, house: House) -> tuple[float, float, float]:
        """Processor seconds so far: of the web, of the primary, of the standby."""
        processes = (house.web.pid, self.pair.primary.process, self.pair.standby.process)
        return processor_seconds(processes[0]), processor_seconds(processes[1]), processor_seconds(processes[2])


def base(house: House) -> str:
    """Where it answers."""
    return f"http://127.0.0.1:{house.port}"


def measure(count: int) -> dict[str, Any]:
    """Everything, as a record that the page is made from."""
    began = time.perf_counter()
    with durable() as template, sandbox() as running, tempfile.TemporaryDirectory() as name:
        people = json.loads(template.furnish())
        template.stop()
        folder = Path(name)
        folder.chmod(0o755)
        pair = Pair(template, folder)
        try:
            bench = Bench(folder, pair, people, f"http://127.0.0.1:{running.port}", count)
            pair.primary.set(synchronous_standby_names="")
            found = {"costs": _costs(bench), "ladder": _ladder(bench)}
            found |= {"replica": _replica(bench), "synchronous": _synchronous(bench)}
        finally:
            pair.stop()
    return found | {"count": count, "clients": CLIENTS, "seconds": round(time.perf_counter() - began)}


def _costs(bench: Bench) -> dict[str, float]:
    """Processor milliseconds of each kind of request, one kind after the other."""
    with bench.serving(USUAL) as house:
        control = Sandbox(bench.stripe)
        control.control("POST", "configure", webhook_url=f"{base(house)}{WEBHOOK_PATH}", twilio_callbacks=False)
        read = _each(bench, house, lambda: bench.read(house))
        credit = _each(bench, house, lambda: bench.book(house, bench.spread, "credits"))
        held: list[Answers] = []
        card = _each(bench, house, lambda: held.append(bench.book(house, bench.spread, "card")))
        intents = [one["stripe_client_secret"].split("_secret_")[0] for one in held[0].bodies]
        webhook = _each(bench, house, lambda: _pay(bench, control, intents))
        control.control("POST", "configure", webhook_url="")
    costs = Costs(*read, *credit, *card, *webhook, commit=commit_milliseconds(bench.pair.primary.url))
    return {name: round(value, 2) for name, value in vars(costs).items()}


def _each(bench: Bench, house: House, work: Any) -> tuple[float, float]:
    """Milliseconds of web and database for one of the requests that the work makes."""
    before = bench.used(house)
    work()
    after = bench.used(house)
    return (after[0] - before[0]) / bench.count * 1000, (after[1] - before[1]) / bench.count * 1000


def _pay(bench: Bench, control: Sandbox, intents: list[str]) -> None:
    """Let everybody pay, and wait until the webhooks have told of it."""
    for intent in intents:
        control.pays(intent)
    deadline = time.monotonic() + 120
    while bench.pair.primary.answers("SELECT count(*) FROM booking_booking WHERE status = 'pending'") != [(0,)]:
        if time.monotonic() > deadline:
            raise SystemExit("bench.scaling: webhooks did not come")
        time.sleep(0.05)


def _ladder(bench: Bench) -> list[dict[str, Any]]:
    """Bookings a second for each shape of the server."""
    rows = []
    for processes, threads in SHAPES:
        with bench.serving((processes, threads)) as house:
            spread = bench.book(house, bench.spread, "credits").rate
            hot = bench.book(house, bench.hot, "credits").rate
            reads = bench.read(house).rate
        row = {"processes": processes, "threads": threads, "spread": spread, "hot": hot, "reads": reads}
        rows.append({name: round(value, 1) for name, value in row.items()})
        print(
            f"  {row['processes']} × {row['threads']}: {spread:.0f} spread, {hot:.0f} hot, {reads:.0f} reads",
            flush=True,
        )
    return rows


def _replica(bench: Bench) -> list[dict[str, Any]]:
    """The schedule without a replica and with one: reads a second, and what they cost each server."""
    rows = []
    for name, more in (("none", {}), ("a hot standby", {"DATABASE_REPLICA_URL": bench.pair.standby.url})):
        with bench.serving(USUAL, **more) as house:
            before = bench.used(house)
            rate = bench.read(house).rate
            spent = [(after - was) / bench.count * 1000 for after, was in zip(bench.used(house), before, strict=True)]
        told = {"rate": rate, "web": spent[0], "primary": spent[1], "standby": spent[2]}
        rows.append({"replica": name} | {key: round(value, 2) for key, value in told.items()})
    return rows


def _synchronous(bench: Bench) -> list[dict[str, Any]]:
    """Bookings a second without a synchronous standby, with one, and with one that must have replayed."""
    rows = []
    for name, standby, commit in (
        ("none", "", "on"),
        ("on its disk", "standby", "on"),
        ("readable there", "standby", "remote_apply"),
    ):
        bench.pair.primary.set(synchronous_standby_names=standby, synchronous_commit=commit)
        with bench.serving(USUAL) as house:
            rate = bench.book(house, bench.spread, "credits").rate
        rows.append(
            {"standby": name, "rate": round(rate, 1), "commit": round(commit_milliseconds(bench.pair.primary.url), 2)}
        )
    return rows
