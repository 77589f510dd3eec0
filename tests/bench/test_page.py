"""The page of the benchmarks says of each goal whether it was met, and draws what it shows."""

import copy
from pathlib import Path
from typing import Any

import pytest

from bench import page
from bench.works import RATIOS, against

NAMES = ("booking, spread", "yardstick, spread", "booking, hot", "yardstick, hot", "refusal", "webhook")
NAMES += ("schedule", "empty view", "empty view behind a token")


def at_size(bookings: int) -> dict[str, Any]:
    return {
        "bookings": bookings,
        "rates": dict.fromkeys(NAMES, 300.0),
        "p99": dict.fromkeys(NAMES, 20.0),
        "failures": dict.fromkeys(NAMES, 0),
        "ratios": {against(one, other): goal for one, other, goal in RATIOS},
        "expiry": {"stale": 400, "local": [0.3, 0.9, 0.2], "set_based": [0.2, 0.3, 0.1], "asked": 40, "seconds": 2.0},
        "integrity": {"seconds": 8.0, "status": 0},
    }


MET: dict[str, Any] = {
    "made": "2026-11-27 10:00",
    "commit": "abc1234",
    "cores": 2,
    "clients": 16,
    "turns": 3,
    "seconds": 4,
    "sizes": [at_size(10_000), at_size(100_000)],
    "rush": {"clients": 500, "seats": 20, "booked": 20, "refused": 480, "failed": 0, "seats_taken": 20, "seconds": 3.0},
    "cards": [
        {
            "threads": 8,
            "processes": 2,
            "call_seconds": 0.4,
            "cards": 30.0,
            "cards_beside": 28.0,
            "credits": 100.0,
            "credits_beside": 90.0,
            "credits_while_hanging": 85.0,
        },
        dict.fromkeys(("cards", "cards_beside", "credits", "credits_beside", "credits_while_hanging"), 1.0)
        | {"threads": 32, "processes": 2, "call_seconds": 0.4},
    ],
    "memory": {"requests": [0, 1000], "megabytes": [100.0, 101.0]},
}


def test_goals_that_are_met_are_called_so() -> None:
    assert {row[-1] for row in page.goals(MET)} == {"met"}


@pytest.mark.parametrize(
    ("place", "worse"),
    [
        (("sizes", -1, "ratios", against("webhook", "yardstick, spread")), 1.99),
        (("sizes", -1, "p99", "booking, spread"), 21.0),
        (("sizes", -1, "expiry", "local"), [0.5, 0.9, 0.2]),
        (("sizes", -1, "integrity", "seconds"), 10.1),
        (("rush", "failed"), 1),
        (("rush", "seats_taken"), 21),
        (("cards", 0, "cards"), 27.9),
        (("cards", 0, "credits_beside"), 79.0),
        (("cards", 0, "credits_while_hanging"), 79.0),
        (("memory", "megabytes"), [100.0, 131.0]),
    ],
)
def test_a_goal_that_is_missed_is_called_so(place: tuple[Any, ...], worse: Any) -> None:
    record: Any = copy.deepcopy(MET)
    inner = record
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = worse
    assert [row[-1] for row in page.goals(record)].count("missed") == 1


def test_the_figures_are_written_between_their_marks_and_nothing_else_is(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text("before\n<!-- figures: make bench -->\nwhat was before\n<!-- end -->\nafter\n")
    page.write(MET, to=document)
    written = document.read_text()
    assert written.startswith("before\n<!-- figures: make bench -->\nMeasured 2026")
    assert written.endswith("<!-- end -->\nafter\n")
    assert "what was before" not in written
    drawn = {path.name for path in (tmp_path / "benchmarks").iterdir()}
    assert drawn == {"growth-rates.svg", "growth-expiry.svg", "growth-integrity.svg", "memory.svg"}
    assert all(f"benchmarks/{name}" in written for name in drawn)
