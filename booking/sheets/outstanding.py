"""Credits outstanding: a liability, as far as it can be valued."""

from django.utils.safestring import SafeString

from booking.plots import Series, columns
from booking.reports import outstanding
from booking.reports.outstanding import Expiry, Worth
from booking.reports.span import Piece, Span
from booking.sheets.sheet import Cell, Sheet, Table, major
from booking.svg import Frame
from payments.models import CreditLot

SAYS = (
    "Credits that members hold and have not spent, on whatever kind of session they will: what the studio owes in "
    "sessions. Credits of packs are valued at the price that was paid for them. What credits that staff granted are "
    "worth is not known, nor of those given in place of expired ones."
)
PRICELESS = {CreditLot.Source.GRANT: "granted by staff", CreditLot.Source.GRACE: "in place of expired ones"}


def sheet(span: Span) -> Sheet:
    """Five queries."""
    history, expiries = outstanding.history(span), outstanding.by_expiry(span)
    worth, sources = outstanding.worth(span), outstanding.by_source(span)
    names = ("from", "to", "credits in the end")
    return Sheet(
        title="Credits outstanding",
        says=SAYS,
        plots=[_over_time(history), _by_expiry(expiries)],
        tables=[
            Table("history", "Over time", names, [(f"{one.first}", f"{one.last}", sum_) for one, sum_ in history]),
            Table("expiry", "Now, by when they expire", ("expire", "credits"), _expiry_rows(expiries)),
            Table("value", "Now, at the price paid", ("source", "credits", "currency", "value"), _rows(worth, sources)),
        ],
        answer=_answer(worth, sum(sources.values())),
    )


def _over_time(history: list[tuple[Piece, int]]) -> SafeString:
    frame = Frame("credits", "Credits outstanding over time", "What members held when each day, week or month ended.")
    return columns(frame, [one.label for one, _ in history], [Series("credits", [sum_ for _, sum_ in history])])


def _by_expiry(expiries: list[Expiry]) -> SafeString:
    frame = Frame("expiry", "Credits by when they expire", "What members hold now, by month; then later, then never.")
    labels = [f"{one.last:%b}" if one.last else one.label for one in expiries]
    return columns(frame, labels, [Series("credits", [one.credits for one in expiries])])


def _expiry_rows(expiries: list[Expiry]) -> list[tuple[Cell, ...]]:
    return [(one.label, one.credits) for one in expiries if one.credits]


def _rows(worth: list[Worth], sources: dict[str, int]) -> list[tuple[Cell, ...]]:
    bought: list[tuple[Cell, ...]] = [
        ("bought in packs", one.credits, one.currency.upper(), major(one.amount, one.currency)) for one in worth
    ]
    return [
        *bought,
        *((name, sources[source], "", "not known") for source, name in PRICELESS.items() if source in sources),
    ]


def _answer(worth: list[Worth], credits: int) -> str:
    if not credits:
        return ""
    valued = sum(one.credits for one in worth)
    parts = [f"{one.credits} were bought for {major(one.amount, one.currency)} {one.currency.upper()}" for one in worth]
    rest = [f"of {credits - valued} the price is not known"] if valued < credits else []
    return f"{credits} credits now: {', '.join([*parts, *rest])}."
