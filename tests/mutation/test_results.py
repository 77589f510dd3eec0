"""The counting of mutants: what has killed one, and what explains one that lived."""

import pytest

from tests.mutation.results import Mutant, in_words, is_explained

DOCUMENT = """
- `booking.seats.take`
  - `raise SessionFull`
- `booking.seats.give_back`: anything
  - `without amount=amount,`
"""


@pytest.mark.parametrize(
    ("exit_code", "killed", "survived"),
    [(1, True, False), (-24, True, False), (0, False, True), (33, False, True), (255, False, False), (2, False, False)],
    ids=["a test failed", "out of time", "all passed", "no test", "broke before any test", "interrupted"],
)
def test_only_a_failed_test_or_the_clock_kills(exit_code: int, killed: bool, survived: bool) -> None:
    mutant = Mutant("booking.seats.x_take__mutmut_3", "booking/seats.py", exit_code)
    assert (mutant.killed, mutant.survived, mutant.function) == (killed, survived, "booking.seats.take")


@pytest.mark.parametrize(
    ("function", "change", "explained"),
    [
        ("booking.seats.take", "-    raise SessionFull if still_open\n+    raise SessionFull", True),
        ("booking.seats.take", "+    raise SessionClosed", False),
        ("booking.seats.give_back", "+    raise SessionFull", False),
        ("booking.seats.give_back", "-        amount=amount,", True),
    ],
    ids=["named", "another change", "another function", "left out"],
)
def test_a_survivor_is_explained_under_its_own_function(function: str, change: str, explained: bool) -> None:
    assert is_explained(function, change, DOCUMENT) is explained


def test_what_a_fault_puts_there_is_told_as_one_line() -> None:
    assert in_words("-    owe(\n-        1\n+    owe(\n+        2") == "owe( 2"
