"""How full the studio was."""

from django.utils.safestring import SafeString

from booking.plots import heat
from booking.reports.fill import Slot, fill
from booking.reports.span import Span
from booking.sheets.sheet import Sheet, Table, percent
from booking.svg import Frame

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def sheet(span: Span) -> Sheet:
    """Two queries."""
    slots = fill(span)
    says = "Paid bookings of the sessions that took place, as a share of their seats, by when they began."
    return Sheet(
        title="How full",
        says=says,
        plots=[_plot(slots, says)],
        tables=[
            Table(
                name="fill",
                caption="Seats by weekday and hour, in the studio's time",
                columns=("weekday", "hour", "sessions", "seats taken", "seats", "percent"),
                rows=[
                    (
                        DAYS[one.weekday - 1],
                        _hour(one),
                        one.sessions,
                        one.taken,
                        one.seats,
                        percent(one.taken, one.seats),
                    )
                    for one in slots
                ],
            )
        ],
        answer=_answer(slots),
    )


def _plot(slots: list[Slot], says: str) -> SafeString:
    hours = range(min((one.hour for one in slots), default=0), max((one.hour for one in slots), default=0) + 1)
    cells = {
        (one.hour - hours.start, one.weekday - 1): (
            one.taken / one.seats if one.seats else 0.0,
            f"{percent(one.taken, one.seats):.0f}%",
            f"{DAYS[one.weekday - 1]} {_hour(one)}: {one.taken} of {one.seats} seats, {one.sessions} sessions",
        )
        for one in slots
    }
    return heat(Frame("fill", "Fill rate by weekday and hour", says), DAYS, [f"{hour:02}:00" for hour in hours], cells)


def _answer(slots: list[Slot]) -> str:
    taken, seats = sum(one.taken for one in slots), sum(one.seats for one in slots)
    return f"{taken} of {seats} seats, {percent(taken, seats)} %." if seats else ""


def _hour(slot: Slot) -> str:
    return f"{slot.hour:02}:00"
