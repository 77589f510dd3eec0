"""A machine that books, pays, loses, repeats and forgets, beside a reference model that says what must come of it."""

import time
from typing import Any

from tests.cast import Sandbox
from tests.model.machine import Machine
from tests.model.play import Tally
from tests.model.runs import PLAYS, play, record
from tests.model.world import World

# What a whole run must have come to at least once, so that the machine cannot silently stop testing it.
WORTH_REACHING = {
    "session full",
    "insufficient credits",
    "key reused",
    "request repeated",
    "capacity refused",
    "member out",
    "paid by card",
    "stale seat freed for the next",
    "expired while processing",
    "late payment reseated",
    "late payment refunded",
    "debt submitted",
    "told of another time",
    "card: all returned",
    "card: a part returned",
    "card: nothing returned",
    "credits: all returned",
    "credits: a part returned",
    "credits: nothing returned",
    "quote outdone by a move",
    "moved: all returned",
    "quote refused",
    "returned at once: succeeded",
    "returned at once: silent",
}
ANSWERS = {
    *("200", "201", "409 session_full", "409 session_closed", "409 already_booked", "409 not_cancellable"),
    *("409 insufficient_credits", "422 idempotency_key_reused", "502 payment_rejected", "503 payments_unavailable"),
    *("event applied", "event repeated"),
}


def test_whatever_happens_the_program_does_what_the_model_says(sandbox: Sandbox, settings: Any) -> None:
    began = time.monotonic()
    tally = play(World(sandbox), settings, plays=PLAYS, enough=lambda tally: not unreached(tally))
    record(tally, time.monotonic() - began)
    assert unreached(tally) == set()


def unreached(tally: Tally) -> set[str]:
    """The acts, outcomes and answers that no play has come to yet."""
    return {
        *(set(Machine.acts()) - set(tally.rules)),
        *(WORTH_REACHING - set(+tally.reached)),
        *(ANSWERS - set(tally.answers)),
    }
