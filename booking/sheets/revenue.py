"""What came in and what went back."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from booking.plots import Series, columns
from booking.reports.revenue import BOOKINGS, DESK, PACKS, REFUNDS, WAYS, Currency, revenue
from booking.reports.span import Piece, Span
from booking.sheets.sheet import Cell, Sheet, Table, major
from booking.svg import DOTTED, HATCHED, HOLLOW, PLAIN, Frame

LOOKS = {BOOKINGS: PLAIN, PACKS: HATCHED, DESK: DOTTED, REFUNDS: HOLLOW}
NAMES = {BOOKINGS: "bookings by card", PACKS: "packs", DESK: "at the desk", REFUNDS: "refunds"}
SAYS = (
    "Money by the day on which it came or went back: bookings and packs paid by card, what the front desk took, and "
    "refunds that have arrived. Each currency stands for itself. What is in review or contested stands under Attention."
)


def sheet(span: Span) -> Sheet:
    """Four queries."""
    pieces, currencies = span.pieces, revenue(span)
    says = SAYS if span.kind is None else f"{SAYS} Packs are of no kind of session, and are left out."
    return Sheet(
        title="Revenue and refunds",
        says=says,
        plots=[_plot(one, pieces) for one in currencies] or [_empty()],
        tables=[
            Table(
                name="revenue",
                caption="Money received and returned",
                columns=("from", "to", "currency", *(NAMES[way] for way in WAYS)),
                rows=[row for one in currencies for row in _rows(one, pieces)],
            )
        ],
        answer=" ".join(_total(one) for one in currencies),
    )


def _rows(one: Currency, pieces: Sequence[Piece]) -> list[tuple[Cell, ...]]:
    return [
        (f"{piece.first}", f"{piece.last}", one.code.upper(), *(major(one.sums[way][number], one.code) for way in WAYS))
        for number, piece in enumerate(pieces)
    ]


def _plot(one: Currency, pieces: Sequence[Piece]) -> SafeString:
    code = one.code.upper()
    frame = Frame(
        f"revenue-{one.code}", f"Revenue and refunds in {code}", "Received above the line, returned below it."
    )
    series = [
        Series(NAMES[way], [float(major(sum_, one.code)) for sum_ in one.sums[way]], LOOKS[way], below=way == REFUNDS)
        for way in WAYS
    ]
    return columns(frame, [piece.label for piece in pieces], series, unit=code)


def _empty() -> SafeString:
    return columns(Frame("revenue", "Revenue and refunds", "No money moved."), [], [])


def _total(one: Currency) -> str:
    parts = [f"{major(one.total(way), one.code)} {NAMES[way]}" for way in WAYS if one.total(way)]
    return f"{one.code.upper()}: {', '.join(parts) or 'nothing in the end'}."
