"""Look, then write, then look again where the database refused: how what members ask for meets its twins.

A twin of the request, or another one of the same member, can win between our looking and our writing. The database then
refuses ours and we look again; so we do after what stood in the way turned out to be over, and after a fault of the
database that has passed. Each round has a winner, so a few rounds are enough for any number of twins.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError

from boundary import faults
from boundary.references import new_reference
from payments.exceptions import PaymentsUnavailable

T = TypeVar("T")
ROUNDS = 5


def in_rounds(attempt: Callable[[str], T | None], *, lost_to: tuple[type[Exception], ...] = ()) -> T:
    """The first answer of an attempt; None means that it should look again, as does IntegrityError or what it lost to.

    An attempt is given the reference to write under: a new one each time, but after a passing fault the same again. Its
    transaction may have been committed all the same, and the reference tells; see Note [The retry finds the truth].
    PaymentsUnavailable when the rounds are used up.
    """
    lost: Exception | None = None
    defeats: tuple[type[Exception], ...] = (IntegrityError, *lost_to)
    reference = new_reference()
    for _ in range(ROUNDS):
        try:
            answer = attempt(reference)
            if answer is not None:
                return answer
        except faults.UNAVAILABLE as error:
            if not faults.is_passing(error):
                raise
            lost = error
            continue
        except defeats as error:
            lost = error
        reference = new_reference()
    raise PaymentsUnavailable("Too much happened at once; nothing is held. Send the same request again.") from lost
