"""The seconds in which a processor was at a process: other work on the machine disturbs them less than the clock's."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
ONE_TICK = 1 / _TICKS


def seconds(process: int) -> float:
    """Its own so far, in its code and in the system's."""
    return sum(_ticks(process)[:2]) / _TICKS


def seconds_with_ended(process: int) -> float:
    """And those of the processes that it has started and that have ended."""
    return sum(_ticks(process)) / _TICKS


def _ticks(process: int) -> list[int]:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return list(map(int, fields[11:15]))
