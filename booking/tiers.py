"""The tiers of cancelling as people write them: `48:100,24:50,2:25:200` is hours:percent[:fee], with commas between."""

import re

Tiers = tuple[tuple[int, int, int], ...]


def read(text: str) -> Tiers:
    """(hours, percent, fee in minor units), the longest time first; ValueError says what is wrong."""
    tiers = [_read_one(item.strip()) for item in text.split(",") if item.strip()]
    if len({hours for hours, _, _ in tiers}) < len(tiers):
        raise ValueError("names the same hours twice")
    return tuple(sorted(tiers, reverse=True))


def _read_one(item: str) -> tuple[int, int, int]:
    parts = item.split(":")
    if not (len(parts) in (2, 3) and all(re.fullmatch("[0-9]{1,7}", part) for part in parts)):
        raise ValueError(f"{item!r} is not of the form hours:percent or hours:percent:fee")
    hours, percent, fee = (*map(int, parts), 0)[:3]
    if hours > 8760 or percent > 100:
        raise ValueError(f"{item!r} is not within a year and 100 percent")
    return hours, percent, fee
