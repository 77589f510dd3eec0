"""What became of the waitlist."""

from collections import Counter

from booking.plots import bars
from booking.reports.span import Span
from booking.reports.waiting import FATES, OFFERS, TAKEN, fates
from booking.sheets.sheet import Sheet, Table, percent
from booking.svg import Frame

SAYS = (
    "Places in line for full sessions, by the day on which they were joined. Taken is an offer that was paid for; who "
    "left the line may also have booked otherwise."
)


def sheet(span: Span) -> Sheet:
    """One query."""
    found = fates(span)
    joined = found.total()
    counts = [("joined", joined), ("offered a seat", _offered(found)), *((fate, found[fate]) for fate in FATES)]
    bars_of = [(name, count, f"{count} · {percent(count, joined)} %") for name, count in counts]
    rows = [(name, count, percent(count, joined)) for name, count in counts]
    return Sheet(
        title="Waitlist",
        says=SAYS,
        plots=[bars(Frame("waitlist", "What became of places in line", SAYS), bars_of)],
        tables=[Table("waitlist", "Places in line", ("what", "places", "percent of joined"), rows if joined else [])],
        answer=_answer(found),
    )


def _offered(found: Counter[str]) -> int:
    return sum(found[fate] for fate in OFFERS)


def _answer(found: Counter[str]) -> str:
    offered = _offered(found)
    return f"{found[TAKEN]} of {offered} offers were taken, {percent(found[TAKEN], offered)} %." if offered else ""
