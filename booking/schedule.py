"""Pages of the schedule as they were last written, for as long as their sessions are the same (PostgreSQL).

Note [The same rows]: PostgreSQL marks each version of a row with the transaction that wrote it (`xmin`) and the place
where it lies (`ctid`). As long as the same sessions come in the same order with the same marks, a page says the same;
to ask for the marks takes a tenth of what it takes to read the sessions and to write them. So nobody has to tell that a
seat was taken, and no page is older than the moment it is asked for. Besides its rows a page depends on the clock
alone: a session that begins can be booked no more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connections
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.response import Response

from booking.models import ClassSession

# Marks are numbers, which a database that was put back to an earlier state gives again: nothing is kept for longer.
KEPT_FOR = timedelta(minutes=1)
MOST_PAGES = 64
MOST_BYTES = 100_000
# What asks for another page than the first, for what can be booked just now, or for what nobody else asks for.
NOT_KEPT = ("cursor", "available", "search")
MARK = RawSQL("concat_ws(':', booking_classsession.id, booking_classsession.xmin, booking_classsession.ctid)", [])


@dataclass(frozen=True)
class Written:
    """A page, the marks of the rows it was written from, and when it says something else in any case."""

    marks: str
    content: bytes
    until: datetime


class Page:
    """What is known of one address: the statement that asks for the marks of its rows, and how it was last written."""

    def __init__(self) -> None:
        self._known = False
        self._statement: tuple[str, tuple[Any, ...]] | None = None
        self._written: Written | None = None

    def is_asked_for_again(self) -> bool:
        """Whether it was asked for before: what is asked for once, as with a second of the clock, is not worth it."""
        known, self._known = self._known, True
        return known

    def marks(self, rows: Callable[[], QuerySet[ClassSession]], *, using: str) -> str:
        """The marks of these rows, as they stand now. One query, which is drawn up once."""
        if self._statement is None:
            inner, values = rows().annotate(mark=MARK).values("mark").query.sql_with_params()
            self._statement = f"SELECT string_agg(mark, ' ') FROM ({inner}) AS page", values  # noqa: S608 - the ORM's
        with connections[using].cursor() as cursor:
            cursor.execute(*self._statement)
            return cursor.fetchone()[0] or ""

    def content(self, marks: str, *, now: datetime) -> bytes | None:
        """The page as it was written, if it says the same now."""
        written = self._written
        return written.content if written and written.marks == marks and now < written.until else None

    def keep(self, response: Response, marks: str, *, now: datetime) -> None:
        """Remember what is being answered; the marks were read before its rows, so it is never older than they are."""
        starts = [session["starts_at"] for session in response.data["results"]]
        until = min([start for start in starts if start > now] + [now + KEPT_FOR])

        def remember(answered: Response) -> None:
            if len(answered.content) <= MOST_BYTES:
                self._written = Written(marks, answered.content, until)

        response.add_post_render_callback(remember)


@lru_cache(maxsize=MOST_PAGES)
def page_at(url: str) -> Page:
    """What this process knows of the page at this address, among the last ones that were asked for."""
    return Page()
