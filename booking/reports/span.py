"""The stretch of time that is asked about, in days of the studio, and the pieces it is told in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import DEFAULT_DB_ALIAS

from boundary import studio_clock

DAY = timedelta(days=1)
# Up to so many days a piece is a day, a week, a month; beyond, a year. So there are never more than a hundred.
BY_DAY, BY_WEEK, BY_MONTH = 35, 190, 1100


@dataclass(frozen=True)
class Piece:
    """Some days in a row, both ends among them, and how a plot names them."""

    first: date
    last: date
    label: str


@dataclass(frozen=True)
class Span:
    """From the first day to the last, both whole; of one kind of session, or of all; as one database tells it."""

    first: date
    last: date
    now: datetime
    kind: int | None = None
    database: str = DEFAULT_DB_ALIAS

    @property
    def zone(self) -> ZoneInfo:
        return studio_clock.zone()

    @property
    def today(self) -> date:
        return studio_clock.today(self.now)

    @property
    def begins(self) -> datetime:
        return studio_clock.moment(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment that is not in it any more."""
        return studio_clock.moment(self.last + DAY)

    @property
    def pieces(self) -> list[Piece]:
        """What it is told in: calendar days, weeks, months or years, the outer ones cut to what was asked for."""
        pieces, first = [], self.first
        while first <= self.last:
            following, label = self._next(first)
            pieces.append(Piece(first, min(following - DAY, self.last), label))
            first = following
        return pieces

    @property
    def bounds(self) -> list[datetime]:
        """The moments at which its pieces begin, and the one at which the last of them is over."""
        return [*(studio_clock.moment(piece.first) for piece in self.pieces), self.ends]

    def within(self, field: str) -> dict[str, datetime]:
        """A filter: that moment lies in it."""
        return {f"{field}__gte": self.begins, f"{field}__lt": self.ends}

    def of_kind(self, path: str) -> dict[str, int]:
        """A filter: that session is of the kind asked for."""
        return {} if self.kind is None else {f"{path}session_type": self.kind}

    def _next(self, day: date) -> tuple[date, str]:
        length = (self.last - self.first).days + 1
        if length <= BY_DAY:
            return day + DAY, f"{day.day} {day:%b}"
        if length <= BY_WEEK:
            return day + timedelta(days=7 - day.weekday()), f"{day.day} {day:%b}"
        if length <= BY_MONTH:
            return (day.replace(day=1) + timedelta(days=31)).replace(day=1), f"{day:%b %y}"
        return date(day.year + 1, 1, 1), str(day.year)
