"""The figures of docs/scaling.md and its plots: from the record of the measurement, and from what follows from it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.document import pictures, put, table
from bench.prepared import ROOT
from bench.scaling.monday import PATIENCE_SECONDS, Chain, Costs, Machines, Monday, Outcome, doublings
from tests.evidence.page import draw
from tests.evidence.record import Plot

DOCUMENT = ROOT / "docs" / "scaling.md"
PLOTS = ROOT / "docs" / "scaling"
LOADS = (1, 30, 100, 200, 300, 1000)
DOUBLED_AT = (100, 300, 1000)
ALONE = Machines(processes=2, threads=8, database_cores=1)


def write(record: dict[str, Any], loads: tuple[int, ...] = LOADS, doubled_at: tuple[int, ...] = DOUBLED_AT) -> Path:
    """Simulate, draw, and write the figures where they belong; the text around them stays."""
    PLOTS.mkdir(exist_ok=True)
    costs = Costs(**record["costs"])
    openings = {studios: Monday(costs, Machines(), Chain(studios)).run() for studios in loads}
    lines = [*_measured(record), *_openings(costs, openings)]
    for studios in doubled_at:
        lines += _doubled(costs, studios, openings.get(studios) or Monday(costs, Machines(), Chain(studios)).run())
    put(DOCUMENT, "python -m bench.scaling", lines)
    return DOCUMENT


def _measured(record: dict[str, Any]) -> list[str]:
    ladder, costs = record["ladder"], record["costs"]
    threads = sorted({row["threads"] for row in ladder})
    for what, says in (("spread", "each client another session"), ("hot", "all clients one session")):
        rates = {(row["processes"], row["threads"]): row[what] for row in ladder}
        series = {
            f"{count} process{'es' * (count > 1)}": [rates.get((count, number), float("nan")) for number in threads]
            for count in sorted({row["processes"] for row in ladder})
        }
        title = f"Credit bookings a second, {says}"
        _draw(Plot(f"ladder-{what}", title, "threads a process", "a second", threads, series, "bar"))
    return [
        f"Measured {record['made']} on {record['cores']} cores, PostgreSQL with durable commits, {record['clients']} "
        f"clients on the same machine, {record['count']} requests a figure, commit {record['commit']}.",
        "",
        "### One request",
        "",
        *table(
            ["request", "web, processor ms", "database, processor ms"],
            [
                [name, costs[f"{kind}_web"], costs[f"{kind}_database"]]
                for kind, name in KINDS.items()
            ],
        ),
        f"A commit is on the disk after {costs['commit']} ms.",
        "",
        "### Processes and threads",
        "",
        *table(
            ["processes", "threads each", "bookings/s, spread", "bookings/s, one session", "schedule pages/s"],
            [[row[name] for name in ("processes", "threads", "spread", "hot", "reads")] for row in ladder],
        ),
        *pictures(PLOTS, "ladder-spread", "ladder-hot"),
        "### A replica, and a synchronous standby",
        "",
        *table(
            ["replica", "schedule pages/s", "web ms a page", "primary ms a page", "standby ms a page"],
            [list(row.values()) for row in record["replica"]],
        ),
        *table(
            ["a commit waits for the standby", "credit bookings/s", "ms a commit"],
            [list(row.values()) for row in record["synchronous"]],
        ),
    ]  # fmt: skip


KINDS = {
    "read": "schedule, 50 sessions",
    "credit": "booking with credits",
    "card": "booking by card, Stripe's time left out",
    "webhook": "payment that succeeded, with its message",
}


def _openings(costs: Costs, openings: dict[int, Outcome]) -> list[str]:
    seconds = {f"{share:.0%} answered": [one.percentile(share) for one in openings.values()] for share in (0.5, 0.99)}
    studios = list(openings)
    _draw(Plot("monday", "Seconds until booked, Monday 07:00", "studios in one chain", "s", studios, seconds, "bar"))
    used = {name: [100 * one.used[name] for one in openings.values()] for name in next(iter(openings.values())).used}
    title = "Work of the first minute, of what a minute can do"
    _draw(Plot("monday-used", title, "studios in one chain", "%", studios, used, "bar"))
    assumed = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in asdict(Chain(1)).items() if name != "studios"
    )
    machines = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in asdict(Machines()).items())
    alone = Monday(costs, ALONE, Chain(1)).run()
    return [
        "### Monday, 07:00, simulated",
        "",
        f"Each studio in its first minute: {assumed}. One chain is served by: {machines}.",
        "",
        *table(
            ["studios", "bookings wanted", "half booked, s", "99 % booked, s", "refused by Stripe", "first bottleneck"],
            [[studios, *_told(one)] for studios, one in openings.items()],
        ),
        *pictures(PLOTS, "monday", "monday-used"),
        f"One studio with an installation and a Stripe account of its own ({ALONE.processes} processes, one core of a "
        f"database): half booked in {alone.percentile(0.5):.2f} s, 99 % in {alone.percentile(0.99):.2f} s, bottleneck: "
        f"{alone.first_bottleneck}. A thousand of these have nothing in common, and each is as quick as one.",
        "",
    ]


def _doubled(costs: Costs, studios: int, before: Outcome) -> list[str]:
    found = doublings(costs, Machines(), Chain(studios))
    rows = [["as it is", *_told(before)], *([name, *_told(one)] for name, one in found.items())]
    columns = [
        "changed",
        "bookings wanted",
        "half booked, s",
        "99 % booked, s",
        "refused by Stripe",
        "first bottleneck",
    ]
    return [f"### What more of one thing buys: {studios} studios", "", *table(columns, rows)]


def _told(one: Outcome) -> list[Any]:
    return [one.wanted, *map(_seconds, (0.5, 0.99), (one, one)), one.refused_by_stripe, one.first_bottleneck]


def _seconds(share: float, one: Outcome) -> str:
    found = one.percentile(share)
    return f"{found:.2f}" if found < PATIENCE_SECONDS else f"more than {PATIENCE_SECONDS:.0f}"


def _draw(plot: Plot) -> None:
    draw(asdict(plot), PLOTS)
