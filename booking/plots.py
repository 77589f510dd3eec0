"""Plots: pure functions from numbers to SVG. They are drawn narrow, so that they can be read on a small phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from django.utils.safestring import SafeString

from booking.svg import LINE, PLAIN, WIDTH, Drawing, Frame, number

LEFT, HEIGHT = 44, 140
CELL, ROW = 38, 24
NOTHING = "Nothing in this time."
# A reading of one character's width, enough to keep a label inside.
CHARACTER = 8


@dataclass(frozen=True)
class Series:
    """One kind of column: a number for each label, and how it is filled. Below the line when it counts as loss."""

    label: str
    values: Sequence[float]
    look: str = PLAIN
    below: bool = False


@dataclass(frozen=True)
class Axis:
    """From top to bottom in steps: where the line of nothing lies, and how high one unit is."""

    step: float
    top: float
    bottom: float
    begins: float

    @property
    def scale(self) -> float:
        return HEIGHT / (self.top + self.bottom)

    @property
    def zero(self) -> float:
        return self.begins + self.top * self.scale


def columns(frame: Frame, labels: Sequence[str], series: Sequence[Series], *, unit: str = "") -> SafeString:
    """Columns over time, the series of one label upon another, those below the line under it."""
    shown = [one for one in series if any(one.values)]
    if not shown:
        return _nothing(frame)
    legend = LINE * len(shown) if len(series) > 1 else 0
    drawing = Drawing(frame, legend + HEIGHT + 2 * LINE)
    axis = _axis([_sums(shown, False), _sums(shown, True)], begins=legend + LINE / 2)
    _ticks(drawing, axis, "%" if unit == "%" else "")
    wide = (WIDTH - LEFT) / len(labels)
    every = ceil((max(map(len, labels)) + 1) * CHARACTER / wide)
    for place, label in enumerate(labels):
        for below in (False, True):
            pile = [(one, one.values[place]) for one in shown if one.below == below and one.values[place] > 0]
            _pile(drawing, axis, pile, LEFT + place * wide, wide, (label, unit))
        if place % every == 0:
            x = min(LEFT + place * wide, WIDTH - CHARACTER * len(label))
            drawing.text(x, axis.begins + HEIGHT + LINE, label)
    drawing.line(LEFT, axis.zero, "axis")
    for row, one in enumerate(shown if legend else ()):
        drawing.rect(LEFT, row * LINE + 2, 12, 11, one.look)
        drawing.text(LEFT + 18, row * LINE + 12, one.label)
    return drawing.written()


def bars(frame: Frame, rows: Sequence[tuple[str, float, str]]) -> SafeString:
    """One bar a row, under its name and how much it is in words."""
    most = max((value for _, value, _ in rows), default=0)
    if not most:
        return _nothing(frame)
    drawing = Drawing(frame, len(rows) * 2.5 * LINE)
    for place, (label, value, words) in enumerate(rows):
        y = place * 2.5 * LINE
        drawing.text(0, y + 0.8 * LINE, label)
        drawing.text(WIDTH, y + 0.8 * LINE, words, anchor="end")
        drawing.rect(0, y + LINE, WIDTH, LINE, "ground")
        drawing.rect(0, y + LINE, WIDTH * value / most, LINE, PLAIN)
    return drawing.written()


def heat(
    frame: Frame, across: Sequence[str], down: Sequence[str], cells: dict[tuple[int, int], tuple[float, str, str]]
) -> SafeString:
    """A field of cells, each the stronger the nearer its share is to 1; each says its number too.

    A cell by (row, column): share, what stands in it, and what it says when it is pointed at.
    """
    if not cells:
        return _nothing(frame)
    drawing = Drawing(frame, (len(down) + 1) * ROW)
    for column, label in enumerate(across):
        drawing.text(LEFT + (column + 0.5) * CELL, LINE, label, anchor="middle")
    for row, label in enumerate(down):
        drawing.text(LEFT - 6, (row + 1.7) * ROW, label, anchor="end")
    for (row, column), (share, text, says) in sorted(cells.items()):
        x, y = LEFT + column * CELL, (row + 1) * ROW
        cell = drawing.rect(x + 1, y + 1, CELL - 2, ROW - 2, "cell", says)
        cell.set("fill-opacity", number(0.06 + 0.5 * min(max(share, 0), 1)))
        drawing.text(x + CELL / 2, y + 0.7 * ROW, text, anchor="middle")
    return drawing.written()


def _sums(series: Sequence[Series], below: bool) -> list[float]:
    """How high the piles are on one side of the line."""
    return [sum(values) for values in zip(*(one.values for one in series if one.below == below), strict=True)]


def _axis(sides: Sequence[Sequence[float]], *, begins: float) -> Axis:
    """Whole and round steps, a few of them: 1, 2 or 5 with noughts."""
    most = [max(side, default=0) for side in sides]
    rough = max(max(most) / 3, 1)
    power = 10 ** floor(log10(rough))
    step = next(float(factor * power) for factor in (1, 2, 5, 10) if factor * power >= rough)
    top, bottom = (ceil(value / step) * step for value in most)
    return Axis(step, top, bottom, begins)


def _ticks(drawing: Drawing, axis: Axis, sign: str) -> None:
    for place in range(-round(axis.bottom / axis.step), round(axis.top / axis.step) + 1):
        y = axis.zero - place * axis.step * axis.scale
        drawing.line(LEFT, y, "tick")
        drawing.text(LEFT - 4, y + 4, f"{_short(abs(place) * axis.step)}{sign}", anchor="end")


def _pile(
    drawing: Drawing, axis: Axis, pile: list[tuple[Series, float]], x: float, wide: float, words: tuple[str, str]
) -> None:
    """The series of one label, from the line outwards."""
    reached, gap, (label, unit) = 0.0, min(2.0, wide / 5), words
    for one, value in pile:
        far, near = (reached + value) * axis.scale, reached * axis.scale
        y = axis.zero + near if one.below else axis.zero - far
        drawing.rect(
            x + gap / 2, y, wide - gap, far - near, one.look, f"{label}, {one.label}: {_figure(value)} {unit}".strip()
        )
        reached += value


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _short(value: float) -> str:
    """A whole number in the few characters that stand beside an axis."""
    if value >= 100_000_000:
        return f"{value / 1_000_000:,.0f}M"
    return f"{value:,.0f}" if value < 100_000 else f"{value / 1000:,.0f}k"


def _nothing(frame: Frame) -> SafeString:
    drawing = Drawing(frame, 4 * LINE)
    drawing.rect(0, 0, WIDTH, 4 * LINE, "ground")
    drawing.text(WIDTH / 2, 2.3 * LINE, NOTHING, anchor="middle")
    return drawing.written()
