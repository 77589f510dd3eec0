"""The laws of the house, each as one query that finds what breaks it: section 9 of the design, and its later rooms."""

from booking.laws import credit, desk, history, money, packs, seats, waitlist
from booking.laws.law import Law
from booking.laws.secrets import no_secrets

__all__ = ["Law", "laws"]


def laws() -> tuple[Law, ...]:
    """All of them, in the order of the design."""
    return (
        *seats.LAWS,
        *waitlist.LAWS,
        *credit.LAWS,
        *money.LAWS,
        *desk.LAWS,
        *packs.LAWS,
        *history.LAWS,
        no_secrets(),
    )
