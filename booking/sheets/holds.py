"""What became of holds, how long paying took, and what another length of holds would have meant."""

from django.utils.safestring import SafeString

from booking.plots import Series, bars, columns
from booking.reports.holds import EXPIRED, LENGTHS, OUTCOMES, PAID, Holds, holds
from booking.reports.span import Span
from booking.sheets.sheet import Sheet, Table, percent
from booking.svg import Frame

STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60)
# A length that loses no more than this many of a hundred paid holds is long enough to be named.
FEW = 1
SAYS = (
    "Seats held for a card payment, by the day on which the hold began; offers of the waitlist are not among them. A "
    "length loses the holds that were paid later than it allows. What a longer hold than the studio's would have won "
    "cannot be known. Seat-minutes are the most that holds nobody paid in time would have kept from others."
)


def sheet(span: Span) -> Sheet:
    """One query."""
    found = holds(span)
    return Sheet(
        title="Holds and payments",
        says=SAYS,
        plots=[_outcomes(found), _times(found)],
        tables=[_outcome_table(found), _time_table(found), _length_table(found)],
        answer=_answer(found),
    )


def _outcomes(found: Holds) -> SafeString:
    whole = found.outcomes.total()
    rows = [(name, found.outcomes[name], _share(found.outcomes[name], whole)) for name in OUTCOMES]
    return bars(Frame("holds", "What became of holds", "Paid, run out, given up, failed at the bank, or open."), rows)


def _times(found: Holds) -> SafeString:
    frame = Frame(
        "hold-times", "Minutes until a hold was paid", "Paid holds by the minutes it took, up to each number."
    )
    steps = _by_step(found)
    series = Series("paid holds", [count for _, count in steps])
    return columns(frame, [label for label, _ in steps], [series], unit="holds")


def _outcome_table(found: Holds) -> Table:
    whole = found.outcomes.total()
    rows = [(name, found.outcomes[name], percent(found.outcomes[name], whole)) for name in OUTCOMES]
    return Table("outcomes", "What became of holds", ("outcome", "holds", "percent"), rows if whole else [])


def _time_table(found: Holds) -> Table:
    paid = found.outcomes[PAID]
    rows = [(label, count, percent(count, paid)) for label, count in _by_step(found)]
    names = ("up to minutes", "paid holds", "percent")
    return Table("times", "How long paying took", names, rows if paid else [])


def _length_table(found: Holds) -> Table:
    paid, any_ended = found.outcomes[PAID], found.outcomes[PAID] + found.outcomes[EXPIRED]
    rows = [
        (length, found.lost(length), percent(found.lost(length), paid), found.blocked(length)) for length in LENGTHS
    ]
    names = ("minutes", "paid holds lost", "percent lost", "seat-minutes blocked at most")
    return Table("lengths", "Had holds stood for", names, rows if any_ended else [])


def _by_step(found: Holds) -> list[tuple[str, int]]:
    """How many were paid within that many minutes, and not within the step before; the last took longer than all."""
    within = [*(found.outcomes[PAID] - found.lost(step) for step in STEPS), found.outcomes[PAID]]
    labels = [*(str(step) for step in STEPS), "more"]
    return [(label, count - before) for label, count, before in zip(labels, within, (0, *within), strict=False)]


def _answer(found: Holds) -> str:
    paid = found.outcomes[PAID]
    if not paid:
        return ""
    enough = next((length for length in LENGTHS if found.lost(length) * 100 <= paid * FEW), None)
    if enough is None:
        return f"Each of these lengths would have lost more than {FEW} % of the {paid} paid holds."
    return (
        f"The longest holds lose least. Of these lengths {enough} minutes is the shortest that would have lost no more "
        f"than {FEW} % of the {paid} paid holds, with at most {found.blocked(enough)} seat-minutes blocked; the holds "
        f"that ran out did block {found.blocked_seconds // 60}."
    )


def _share(part: int, whole: int) -> str:
    return f"{part} · {percent(part, whole)} %"
