"""What a database may do to a transaction that was right, and what of it is worth trying again at once.

Note [The retry finds the truth]: a transaction that lost its connection during COMMIT has committed or it has not, and
nobody was told which. So only work that looks first is tried again: the event's id, or the booking's reference, which
is drawn before the first try, tells whether it is done.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import psycopg
from django.db import InterfaceError, InternalError, OperationalError, connection
from psycopg_pool import PoolTimeout

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

# The database could not do it now: busy, down, full, read-only or gone. The request was none the worse for it.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
ROLLED_BACK = ("40001", "40P01")  # serialization failure, deadlock
CONNECTION_GONE = ("08", "57P")  # classes of SQLSTATE: connection exception, operator intervention
TRIES = 3


def is_passing(error: Exception) -> bool:
    """Whether the same work may succeed at once: a deadlock, a serialization failure, or a connection that was lost.

    False inside a transaction, which the error has ended. A full pool or a lock that is not let go is no such
    thing: whoever waited for it has waited long enough. Leaves a connection that is gone, so that the next query
    gets another.
    """
    if connection.in_atomic_block:
        return False
    connection.close_if_unusable_or_obsolete()
    cause = error.__cause__
    if isinstance(cause, PoolTimeout) or not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = cause.sqlstate or ""
    return state in ROLLED_BACK or state.startswith(CONNECTION_GONE) or not state


def retried(work: Callable[P, T]) -> Callable[P, T]:
    """Do the work again, a few times at most, when the database let a right transaction down.

    For work that opens its own transaction, calls no network in it, and finds out itself whether it was done before.
    """

    @wraps(work)
    def tries(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return work(*args, **kwargs)
            except UNAVAILABLE as error:
                if not is_passing(error):
                    raise
                logger.warning("Trying again after the database said: %s", error)
        return work(*args, **kwargs)

    return tries
