"""Where is read what may be a moment old: from a standby of the database, as long as it is near enough.

Note [How old it is]: whatever somebody was told of lies in the log before the place up to which the primary has written
when it is asked. Once the standby has replayed that place, what it shows is no older than the moment of asking. So no
two clocks are compared, nothing has to be written for it, and no right of an administrator is needed.
"""

import logging
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from boundary.faults import UNAVAILABLE

logger = logging.getLogger(__name__)
T = TypeVar("T")

PRIMARY, REPLICA = DEFAULT_DB_ALIAS, "replica"
MOST_LAG_SECONDS = 5.0
LOOK_EVERY_SECONDS = 1.0
CATCH_UP_SECONDS = 1.0
# One that could not serve is left alone for so long, so that nobody waits for it again and again.
REST_SECONDS = 10.0
WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')"
REPLAYED = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') WHERE pg_is_in_recovery()"


class Replica:
    """What this process knows of the standby; where there is none, everything is read from the primary."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._looked = self._as_of = self._rests_until = float("-inf")
        self._mark: tuple[Decimal, float] | None = None
        self._in_use = True

    def recent(self, read: Callable[[str], T]) -> T:
        """What `read` finds in the database it is given, as it was at most five seconds ago.

        It is read a second time, from the primary, when the standby could not serve.
        """
        return self._read(read, self._is_near)

    def present(self, read: Callable[[str], T]) -> T:
        """The same, with everything that was committed before the call; waits a second at most for the standby."""
        return self._read(read, self._has_caught_up)

    def _read(self, read: Callable[[str], T], is_good: Callable[[], bool]) -> T:
        if REPLICA in settings.DATABASES and time.monotonic() >= self._rests_until and is_good():
            try:
                return read(REPLICA)
            except UNAVAILABLE as error:
                self._leave(str(error).strip(), rest=True)
        return read(PRIMARY)

    def _is_near(self) -> bool:
        """See the note; one thread looks now and then, the others go by what it has seen."""
        if time.monotonic() - self._looked >= LOOK_EVERY_SECONDS and self._turn.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._turn.release()
        return time.monotonic() - self._as_of <= MOST_LAG_SECONDS

    def _look(self) -> None:
        now = self._looked = time.monotonic()
        written, replayed = _written(), self._replayed()
        if replayed is None:
            self._as_of = float("-inf")
        elif replayed >= written:
            self._as_of, self._mark = now, None
        elif self._mark is None or replayed >= self._mark[0]:
            self._as_of = self._mark[1] if self._mark else self._as_of
            self._mark = written, now
        if replayed is not None:
            self._judge(now - self._as_of <= MOST_LAG_SECONDS)

    def _has_caught_up(self) -> bool:
        written, deadline = _written(), time.monotonic() + CATCH_UP_SECONDS
        while (replayed := self._replayed()) is not None and replayed < written:
            if time.monotonic() >= deadline:
                self._judge(False)
                return False
            time.sleep(0.02)
        return replayed is not None

    def _replayed(self) -> Decimal | None:
        """How far it is; None, once it was left alone, when it could not say."""
        try:
            replayed = _place(REPLICA, REPLAYED)
        except UNAVAILABLE as error:
            self._leave(str(error).strip(), rest=True)
            return None
        if replayed is None:
            self._leave("it is no standby", rest=True)
        return replayed

    def _judge(self, is_near: bool) -> None:
        if not is_near:
            self._leave("it is too far behind", rest=False)
        elif not self._in_use:
            self._in_use = True
            logger.warning("The replica is read from again")

    def _leave(self, why: str, *, rest: bool) -> None:
        """One line for each time that it is left, however many reads come until it is back."""
        if rest:
            self._rests_until = time.monotonic() + REST_SECONDS
            self._looked = self._as_of = float("-inf")
        if self._in_use:
            self._in_use = False
            logger.warning("The replica is left alone, and the primary read instead: %s", why)


def _written() -> Decimal:
    """The place in the primary's log before which everything lies that was acknowledged."""
    place = _place(PRIMARY, WRITTEN)
    assert place is not None
    return place


def _place(database: str, question: str) -> Decimal | None:
    with connections[database].cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    return row[0] if row else None


replica = Replica()
