"""Who had paid and did not come."""

from django.utils.safestring import SafeString

from booking.plots import Series, columns
from booking.reports.attendance import Attendance, attendance
from booking.reports.span import Span
from booking.sheets.sheet import Sheet, Table, percent
from booking.svg import Frame

SAYS = (
    "Paid bookings of sessions that are over and whose member was not checked in, by when the session began. Sessions "
    "in which nobody was checked in or marked as a no-show are left out: there nobody looked."
)


def sheet(span: Span) -> Sheet:
    """One query."""
    found = attendance(span)
    rows = [
        (f"{one.piece.first}", f"{one.piece.last}", one.booked, one.missed, percent(one.missed, one.booked))
        for one in found
        if one.booked
    ]
    names = ("from", "to", "booked", "did not come", "percent")
    return Sheet(
        title="No-shows",
        says=SAYS,
        plots=[_plot(found)],
        tables=[Table("no-shows", "Booked, and did not come", names, rows)],
        answer=_answer(found),
    )


def _plot(found: list[Attendance]) -> SafeString:
    shares = [float(percent(one.missed, one.booked)) for one in found]
    frame = Frame("no-shows", "No-shows, in percent of paid bookings", SAYS)
    return columns(frame, [one.piece.label for one in found], [Series("did not come", shares)], unit="%")


def _answer(found: list[Attendance]) -> str:
    booked, missed = sum(one.booked for one in found), sum(one.missed for one in found)
    return f"{missed} of {booked} did not come, {percent(missed, booked)} %." if booked else ""
