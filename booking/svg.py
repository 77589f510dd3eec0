"""A drawing as SVG, piece by piece. It brings no colour: classes are those of `booking/reports.css`."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from django.utils.safestring import SafeString, mark_safe

WIDTH, LINE, TITLE = 320, 16, 22
PLAIN, HATCHED, DOTTED, HOLLOW = "plain", "hatched", "dotted", "hollow"
MARKS = {HATCHED: "M-1 1l2-2M0 6l6-6M5 7l2-2", DOTTED: "M1 1h2v2h-2zM4 4h2v2h-2z"}


@dataclass(frozen=True)
class Frame:
    """How a plot is named: its id in the page, its title, and one sentence that says what it shows."""

    name: str
    title: str
    says: str


class Drawing:
    """One SVG of full width under its title, described for who cannot see it; patterns tell kinds apart."""

    def __init__(self, frame: Frame, height: float) -> None:
        self.name = frame.name
        view = {"xmlns": "http://www.w3.org/2000/svg", "class": "plot"}
        view |= {"viewBox": f"0 0 {WIDTH} {number(height + TITLE)}"}
        told = {"role": "img", "aria-labelledby": f"{frame.name}-title {frame.name}-says"}
        self.svg = Element("svg", view | told)
        SubElement(self.svg, "title", {"id": f"{frame.name}-title"}).text = frame.title
        SubElement(self.svg, "desc", {"id": f"{frame.name}-says"}).text = frame.says
        patterns = SubElement(self.svg, "defs")
        for look, path in MARKS.items():
            size = {"width": "6", "height": "6", "patternUnits": "userSpaceOnUse"}
            pattern = SubElement(patterns, "pattern", {"id": f"{frame.name}-{look}", **size})
            SubElement(pattern, "path", {"d": path, "class": f"{look}-mark"})
        SubElement(self.svg, "text", {"y": "12", "class": "title"}).text = frame.title
        self.below = SubElement(self.svg, "g", {"transform": f"translate(0 {TITLE})"})

    def rect(self, x: float, y: float, width: float, height: float, look: str, says: str = "") -> Element:
        """A rectangle, and what it says when it is pointed at."""
        place = {"x": x, "y": y, "width": max(width, 0), "height": max(height, 0)}
        shape = SubElement(self.below, "rect", {name: number(value) for name, value in place.items()} | {"class": look})
        if look in MARKS:
            shape.set("fill", f"url(#{self.name}-{look})")
        if says:
            SubElement(shape, "title").text = says
        return shape

    def line(self, x: float, y: float, look: str) -> None:
        """From there to the right edge."""
        ends = {"x1": x, "x2": WIDTH, "y1": y, "y2": y}
        SubElement(self.below, "line", {name: number(value) for name, value in ends.items()} | {"class": look})

    def text(self, x: float, y: float, words: str, *, anchor: str = "start") -> None:
        SubElement(self.below, "text", {"x": number(x), "y": number(y), "text-anchor": anchor}).text = words

    def written(self) -> SafeString:
        return mark_safe(tostring(self.svg, encoding="unicode"))  # noqa: S308 - every text in it was escaped just now


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
