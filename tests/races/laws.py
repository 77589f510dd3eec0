"""What every race ends with: the laws of the house, held against the database it has left behind."""

from django.utils import timezone

from booking import integrity


def broken() -> list[str]:
    """Whatever `check_integrity` finds, in words."""
    return [
        f"{verdict.name}: {subject} {wrong}"
        for verdict in integrity.check(now=timezone.now())
        for subject, wrong in verdict.examples
    ]
