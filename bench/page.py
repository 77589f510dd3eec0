"""The figures of docs/benchmarks.md and its plots, from the record of one run."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import expiring
from bench.document import pictures, put, table
from bench.prepared import ROOT
from bench.works import RATIOS, against
from tests.evidence.page import draw
from tests.evidence.record import Plot

DOCUMENT = ROOT / "docs" / "benchmarks.md"
MOST_SECONDS, MOST_MEGABYTES = 10, 130
PLOTTED = ("booking, spread", "booking, hot", "refusal", "webhook", "schedule", "yardstick, spread")


def write(record: dict[str, Any], *, to: Path = DOCUMENT) -> list[str]:
    """Draw, and write the figures where they belong; the lines of the table of goals."""
    plots = to.with_suffix("")
    plots.mkdir(exist_ok=True)
    told = table(["work", "measured", "goal", ""], goals(record))
    lines = [_made(record), "", *told, *_growth(record, plots), *_cards(record), *_memory(record, plots)]
    put(to, "make bench", lines)
    return told


def _made(record: dict[str, Any]) -> str:
    return (
        f"Measured {record['made']} on {record['cores']} cores, commit {record['commit']}: "
        f"{record['clients']} clients, medians of {record['turns']} turns of {record['seconds']} seconds."
    )


def goals(record: dict[str, Any]) -> list[list[str]]:
    """Each goal beside what was measured at the largest size."""
    largest, rush, memory = record["sizes"][-1], record["rush"], record["memory"]
    rows = [
        _goal(against(one, other), largest["ratios"][against(one, other)], at_least=goal) for one, other, goal in RATIOS
    ]
    p99 = largest["p99"]["booking, spread"] / largest["p99"]["yardstick, spread"]
    rows.append(_goal("p99 of a booking : the yardstick's, spread", p99, at_most=1.0))
    answered = f"{rush['booked']} booked, {rush['refused']} refused, {rush['failed']} failed, {rush['seconds']:.1f} s"
    met = rush["booked"] == rush["seats"] == rush["seats_taken"] and not rush["failed"]
    rows.append([f"rush: {rush['clients']} clients, {rush['seats']} seats", answered, "nobody fails", _met(met)])
    for one in record["cards"][:1]:  # as it is shipped; the others are told below
        limit = one["threads"] * one["processes"] / one["call_seconds"]
        name, hanging = f"{one['processes']} × {one['threads']} threads", one["credits_while_hanging"]
        rows += [
            _goal(f"cards : what the threads allow, {name}", one["cards"] / limit, at_least=0.7),
            _goal(f"credits beside cards : alone, {name}", one["credits_beside"] / one["credits"], at_least=0.8),
            _goal(f"credits while Stripe hangs : alone, {name}", hanging / one["credits"], at_least=0.8),
        ]
    rows += [
        _goal("expiry, local work : set-based SQL", expiring.ratio(largest["expiry"]), at_most=2.0),
        _goal(f"check_integrity at {largest['bookings']:,}, s", largest["integrity"]["seconds"], at_most=MOST_SECONDS),
        _goal("memory of a process, MB", max(memory["megabytes"]), at_most=MOST_MEGABYTES),
    ]
    return rows


def _goal(what: str, measured: float, *, at_least: float = 0.0, at_most: float = float("inf")) -> list[str]:
    goal = f"≥ {at_least:g}" if at_least else f"≤ {at_most:g}"
    return [what, f"{measured:.2f}", goal, _met(at_least <= measured <= at_most)]


def _met(met: bool) -> str:
    return "met" if met else "missed"


def _growth(record: dict[str, Any], plots: Path) -> list[str]:
    sizes = record["sizes"]
    x = [one["bookings"] for one in sizes]
    rates = {name: [one["rates"][name] for one in sizes] for name in PLOTTED}
    draw(
        asdict(Plot("growth-rates", "Requests a second by the size of the studio", "bookings", "a second", x, rates)),
        plots,
    )
    work = {name: [_middle(one["expiry"][name]) for one in sizes] for name in ("local", "set_based")}
    draw(asdict(Plot("growth-expiry", "Processor time of expiry, for one hold", "bookings", "ms", x, work)), plots)
    laws = {"seconds": [one["integrity"]["seconds"] for one in sizes]}
    draw(
        asdict(Plot("growth-integrity", "check_integrity, proportional to what it reads", "bookings", "s", x, laws)),
        plots,
    )
    cells = {
        name: [f"{one['rates'][name]:.0f}/s, {one['p99'][name]:.0f} ms" for one in sizes] for name in sizes[0]["rates"]
    }
    rows: list[list[Any]] = [[name, *told] for name, told in cells.items()]
    rows += [[name, *(f"{one['ratios'][name]:.2f}" for one in sizes)] for name in sizes[0]["ratios"]]
    rows += [
        ["expiry, ms of processors a hold", *(f"{_middle(one['expiry']['local']):.2f}" for one in sizes)],
        ["the same in set-based SQL", *(f"{_middle(one['expiry']['set_based']):.2f}" for one in sizes)],
        ["holds that the whole command ends in a second", *(f"{_pace(one['expiry']):.1f}" for one in sizes)],
        ["check_integrity, s", *(f"{one['integrity']['seconds']:.1f}" for one in sizes)],
        ["answers that failed", *(str(sum(one["failures"].values())) for one in sizes)],
    ]
    return [
        "### Growth",
        "",
        "Rates, and the milliseconds that 99 of a hundred answers stayed under.",
        "",
        *table(["bookings in the studio", *(f"{size:,}" for size in x)], rows),
        *pictures(plots, "growth-rates", "growth-expiry", "growth-integrity"),
    ]


def _middle(turns: list[float]) -> float:
    return statistics.median(turns)


def _pace(expiry: dict[str, Any]) -> float:
    return float(expiry["asked"] / expiry["seconds"])


def _cards(record: dict[str, Any]) -> list[str]:
    columns = ["a second", *(f"{one['processes']} × {one['threads']} threads" for one in record["cards"])]
    names = {
        "cards": "cards alone",
        "cards_beside": "cards, credits beside them",
        "credits": "credits alone",
        "credits_beside": "credits, cards beside them",
        "credits_while_hanging": "credits while Stripe hangs",
    }
    rows = [[says, *(f"{one[name]:.0f}" for one in record["cards"])] for name, says in names.items()]
    return ["### Cards, a call to Stripe taking 400 ms", "", *table(columns, rows)]


def _memory(record: dict[str, Any], plots: Path) -> list[str]:
    found = record["memory"]
    series = {"the largest process": found["megabytes"]}
    draw(asdict(Plot("memory", "Memory of a process", "requests served", "MB", found["requests"], series)), plots)
    return ["### Memory", "", *pictures(plots, "memory")]
