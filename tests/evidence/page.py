"""The page and its plots, from the records alone: no figure on it was typed."""

import json
import os
import platform
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from tests.evidence.record import FOLDER, ROOT

PAGE = ROOT / "docs" / "evidence.md"
PLOTS = ROOT / "docs" / "evidence"
COLOURS = ("#2f6db5", "#d1495b", "#2a9d6f", "#f2b134", "#7a5ba8", "#22303c")
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "evidence",
}
MOST_ROWS = 60


def draw_up(parts: list[str], *, missing: list[str]) -> Path:
    """Write `docs/evidence.md` and its plots from the records of these parts, in this order; and what is missing."""
    records = [json.loads((FOLDER / f"{part}.json").read_text()) for part in parts]
    PLOTS.mkdir(exist_ok=True)
    for old in PLOTS.glob("*.svg"):
        old.unlink()
    lines = [*_introduction(), *_summary(records)]
    if missing:
        lines += [f"Not run yet at this size, and to be seen in the tests alone: {', '.join(missing)}.", ""]
    for record in records:
        lines += _section(record)
    PAGE.write_text("\n".join(lines).rstrip() + "\n")
    return PAGE


def _introduction() -> list[str]:
    return [
        "# Evidence",
        "",
        "What was tried against the promise (no seat sold twice; no money or credit lost, kept or returned twice), how",
        "often, and with what result. `make evidence` has written this page and every figure on it: run it to see your",
        "own, or `python -m tests.evidence --only` one of them. Each proof names the commit it was run on; the machine",
        f"has {os.cpu_count()} cores and Python {platform.python_version()}.",
        "",
    ]


def _summary(records: list[dict[str, Any]]) -> list[str]:
    lines = ["| proof | tried | broke a promise | seconds |", "|---|---|---|---|"]
    for record in records:
        tried = f"{record['count']:,} {record['unit']}"
        link = f"[{record['title']}](#{_anchor(record['title'])})"
        lines.append(f"| {link} | {tried} | {record['findings']} | {record['seconds']:.0f} |")
    return [*lines, ""]


def _section(record: dict[str, Any]) -> list[str]:
    made = f"{record['made']} UTC, commit {record['commit']}."
    lines = [f"## {record['title']}", "", f"{record['tried']} {made}", "", f"    {record['command']}", ""]
    for plot in record["plots"]:
        draw(plot, PLOTS)
        lines += [f"![{plot['title']}](evidence/{plot['name']}.svg)", ""]
    if record["rows"]:
        lines += [_row(record["columns"]), "|" + "---|" * len(record["columns"])]
        lines += [_row(row) for row in record["rows"][:MOST_ROWS]]
        more = len(record["rows"]) - MOST_ROWS
        lines += ["", f"And {more} rows more." if more > 0 else ""]
    return [*lines, ""] if lines[-1] else lines


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int | float) else str(cell) for cell in cells) + " |"


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def draw(plot: dict[str, Any], folder: Path) -> None:
    """One plot of a record as a file of its own name; the same figures make the same file."""
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(8, 3.4), layout="constrained")
        width = 0.8 / max(len(plot["series"]), 1)
        for place, (label, values) in enumerate(plot["series"].items()):
            colour = COLOURS[place % len(COLOURS)]
            if plot["kind"] == "bar":
                at = [number + place * width for number in range(len(values))]
                axes.bar(at, values, width, label=label, color=colour)
            else:
                axes.plot(plot["x"], values, marker="o", ms=4, label=label, color=colour)
        if plot["kind"] == "bar":
            axes.set_xticks([number + 0.4 - width / 2 for number in range(len(plot["x"]))], [str(x) for x in plot["x"]])
        axes.set(xlabel=plot["x_label"], ylabel=plot["y_label"], title=plot["title"])
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        figure.savefig(folder / f"{plot['name']}.svg", metadata={"Date": None})
        pyplot.close(figure)
