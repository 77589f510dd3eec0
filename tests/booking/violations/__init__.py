"""One act of harm for every law to find; each breaks the studio of `test_integrity` in one place."""

from tests.booking.violations import credit, desk, half_done, history, money, seats, secrets, waitlist

VIOLATIONS = [
    *seats.VIOLATIONS,
    *waitlist.VIOLATIONS,
    *credit.VIOLATIONS,
    *money.VIOLATIONS,
    *desk.VIOLATIONS,
    *history.VIOLATIONS,
    *half_done.VIOLATIONS,
    *secrets.VIOLATIONS,
]
