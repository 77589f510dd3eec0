"""A run on one page: who booked what and how it ended, the seats, the money and the weather, on one line of time."""

from collections import Counter
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from tests.chaos import sights
from tests.chaos.world import World

INK, FAINT = "#22303c", "#aab4bd"
GREEN, PALE_GREEN, AMBER, GREY = "#2a9d6f", "#93d1b6", "#f2b134", "#c9d1d8"
RED, BLUE, VIOLET = "#d1495b", "#2f6db5", "#7a5ba8"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "chaos",
}
# Rows of the lowest part for commands beyond cron's two of every minute.
COMMANDS_BESIDE = 3
KILLED = {"kill_server": "server", "kill_worker": "worker"}


def draw(world: World, findings: int, folder: Path) -> Path:
    """Write `seed-N.png` and `.svg`; the path of the first."""
    news = list(sights.news_spoilt(world))
    kinds = len({kind for _, kind in [*sights.faults_met(world), *news]}) + COMMANDS_BESIDE
    with pyplot.rc_context(STYLE):
        heights = [5.4, 1.7, 1.7, 0.4 + kinds * 0.21]
        figure, parts = pyplot.subplots(
            4, 1, figsize=(13, sum(heights) + 1.2), sharex=True, height_ratios=heights, layout="constrained"
        )
        for axes, draw_part in zip(parts, (_bookings, _seats, _money, _weather), strict=True):
            draw_part(axes, world)
            _mark_time(axes, world)
        _name_what_was_killed(parts[0], world)
        parts[-1].set_xlabel("seconds since the storm began")
        verdict = "no law was broken" if not findings else f"{findings} findings"
        figure.suptitle(f"Chaos, seed {world.name}: {verdict}\n", x=0.012, ha="left", size=15, weight="bold")
        path = folder / f"seed-{world.name}.png"
        figure.savefig(path, dpi=110)
        figure.savefig(path.with_suffix(".svg"))
        pyplot.close(figure)
    return path


def _bookings(axes: Axes, world: World) -> None:
    """One line a booking, in the order they began; the colour is its state."""
    ordered = sorted(world.bookings.values(), key=lambda row: sights.steps(world, row)[0][0])
    for place, row in enumerate(ordered):
        steps = sights.steps(world, row)
        paid = GREEN if row["paid_with"] == "card" else PALE_GREEN
        for (at, status), (until, _) in zip(steps, [*steps[1:], (world.notebook.ended, "")], strict=True):
            last = min(until, at + 0.4) if status == "freed" else until
            colour = {"pending": AMBER, "paid": paid, "freed": GREY}.get(status, RED)
            axes.plot([at, last], [place, place], color=colour, lw=2.4, solid_capstyle="butt")
    held, card, other = "pending: the seat is held", "paid by card", "paid with credits, or free"
    for label, colour in ((held, AMBER), (card, GREEN), (other, PALE_GREEN), ("freed", GREY)):
        axes.plot([], [], color=colour, lw=4, label=label)
    axes.set_ylim(len(ordered) + 1, -2)
    axes.set_ylabel("bookings, oldest first")
    axes.legend(loc="lower left", frameon=False)


def _seats(axes: Axes, world: World) -> None:
    """Seats taken against all there are."""
    capacity = sum(row["capacity"] for row in world.rows["sessions"])
    changes = [change for row in world.bookings.values() for change in sights.seat_changes(world, row)]
    at, taken = sights.summed(changes, world.notebook.ended)
    axes.fill_between(at, taken, step="post", color=BLUE, alpha=0.15, lw=0)
    axes.step(at, taken, where="post", color=BLUE, lw=1.6, label="seats taken")
    full = sum(row["capacity"] == row["seats_taken"] for row in world.rows["sessions"])
    label = f"capacity of {len(world.rows['sessions'])} sessions ({full} of them full in the end)"
    axes.axhline(capacity, color=RED, lw=1.2, ls=(0, (4, 3)), label=label)
    axes.set_ylim(0, capacity * 1.2)
    axes.set_ylabel("seats")
    axes.legend(loc="lower right", frameon=False)


def _money(axes: Axes, world: World) -> None:
    """What Stripe has received, what the program knows of, what it owes back."""
    booked = [
        (at, row["amount"] / 100)
        for row in world.bookings.values()
        for at, status in sights.steps(world, row)
        if status == "paid" and row["paid_with"] == "card"
    ]
    owed = [(sights.since(world, row["created_at"]), row["amount"] / 100) for row in world.rows["refunds"]]
    for moves, colour, width, label in (
        (sights.payments_received(world), VIOLET, 4.5, "received at Stripe"),
        (booked, GREEN, 1.5, "booked as paid"),
        (owed, RED, 1.5, "owed back"),
    ):
        at, total = sights.summed(moves, world.notebook.ended)
        label = f"{label}: £{total[-1]:,.2f}"
        axes.step(at, total, where="post", color=colour, lw=width, alpha=0.35 if width > 2 else 1, label=label)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("money, £")
    axes.legend(loc="lower right", frameon=False)


def _weather(axes: Axes, world: World) -> None:
    """Every fault that was met, by kind, and when the commands were run."""
    cron = [deed for deed in world.notebook.deeds if deed.who == "cron"]
    rows = list(dict.fromkeys(deed.what.split()[0] for deed in cron))
    for deed in cron:
        place, killed = rows.index(deed.what.split()[0]), deed.outcome.endswith("(exit -9)")
        axes.plot(deed.at, place, marker="X" if killed else "o", ms=6, mew=0, color=RED if killed else BLUE)
    for family, colour in ((sights.faults_met(world), RED), (list(sights.news_spoilt(world)), VIOLET)):
        counted = Counter(kind for _, kind in family)
        for kind, number in counted.most_common():
            times = [at for at, each in family if each == kind]
            axes.plot(times, [len(rows)] * number, ls="", marker="|", ms=9, mew=1.5, color=colour)
            rows.append(f"{kind.replace('_', ' ')} × {number}")
    axes.set_yticks(range(len(rows)), rows, size=8)
    axes.set_ylim(len(rows) - 0.4, -0.8)
    axes.grid(axis="y", color=FAINT, alpha=0.2)


def _mark_time(axes: Axes, world: World) -> None:
    axes.set_xlim(-0.2, world.notebook.ended)
    axes.axvspan(world.notebook.over, world.notebook.ended, color=BLUE, alpha=0.05, lw=0)
    for at, _ in world.notebook.kills:
        axes.axvline(at, color=RED, lw=1, ls=(0, (1, 2)))


def _name_what_was_killed(axes: Axes, world: World) -> None:
    top, before = axes.get_ylim()[1], -9.0
    axes.text(world.notebook.over + 0.1, top, "calm: the program repairs", va="bottom", color=BLUE, size=8)
    for deed in world.notebook.deeds:
        if deed.what in KILLED:
            near = deed.at - before < world.notebook.ended / 14
            label = f"✗ {KILLED[deed.what]} killed" + ("\n" if near else "")
            axes.text(deed.at, top, label, va="bottom", ha="center", color=RED, size=8)
            before = -9.0 if near else deed.at
