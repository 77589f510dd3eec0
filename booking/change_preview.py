"""What changing sessions would do to people, before it is done: who is told, who is elsewhere then, who gets a seat.

Reads only, and as many queries for one session as for many.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from booking import messages, policy
from booking.models import Booking, ClassSession, WaitlistEntry

SHOWN = (
    "title",
    "starts_at",
    "ends_at",
    "location",
    "instructor",
    "capacity",
    "amount",
    "currency",
    "credits_required",
)


@dataclass(frozen=True)
class Told:
    """A member who is told of a move, and the other bookings they have at the new time."""

    member: str
    reference: str
    elsewhere: list[str]


@dataclass(frozen=True)
class Outlook:
    """One session: what changes of it, who is told, how many who wait are offered a seat, or why it is refused."""

    session: ClassSession
    changes: list[tuple[str, str, str]]
    told: list[Told]
    offered: int
    refused: str

    @property
    def concerns_somebody(self) -> bool:
        return bool(self.told or self.offered) and not self.refused


def foresee(changed: Collection[ClassSession], *, now: datetime) -> list[Outlook]:
    """The outlook of sessions that carry their new values and are not saved; at most four queries."""
    before = ClassSession.objects.in_bulk([one.pk for one in changed])
    moved = [one for one in changed if _is_move(before[one.pk], one, now)]
    told = _told(moved, {one.pk for one in moved if one.starts_at != before[one.pk].starts_at})
    raised = [one for one in changed if one.capacity > before[one.pk].capacity]
    line = _line([one for one in raised if one.is_open(now) and one.starts_at > policy.offers_reach(now)])
    return [_outlook(before[one.pk], one, told[one.pk], line[one.pk]) for one in changed]


def _is_move(before: ClassSession, after: ClassSession, now: datetime) -> bool:
    """As `moving.save` tells it."""
    return after.is_open(now) and (before.starts_at, before.location) != (after.starts_at, after.location)


def _told(moved: Collection[ClassSession], in_time: Collection[int]) -> dict[int, list[Told]]:
    found: dict[int, list[Told]] = defaultdict(list)
    if not moved:
        return found
    holding = Booking.objects.filter(session__in=[one.pk for one in moved], status__in=Booking.HOLDING)
    bookings = list(holding.select_related("member").order_by("pk"))
    others = _others([one for one in moved if one.pk in in_time], {booking.member_id for booking in bookings})
    times = {one.pk: one for one in moved if one.pk in in_time}
    for booking in bookings:
        elsewhere = _at_that_time(times.get(booking.session_id), others[booking.member_id])
        found[booking.session_id].append(Told(str(booking.member), booking.reference, elsewhere))
    return found


def _others(moved: Collection[ClassSession], members: Collection[int]) -> dict[int, list[ClassSession]]:
    """By member, the other sessions they hold seats of that may fall into the new times."""
    found: dict[int, list[ClassSession]] = defaultdict(list)
    if not moved:
        return found
    rows = Booking.objects.filter(
        member__in=members,
        status__in=Booking.HOLDING,
        session__status=ClassSession.Status.SCHEDULED,
        session__starts_at__lt=max(one.ends_at for one in moved),
        session__ends_at__gt=min(one.starts_at for one in moved),
    )
    for booking in rows.select_related("session").order_by("session__starts_at"):
        found[booking.member_id].append(booking.session)
    return found


def _at_that_time(moved: ClassSession | None, others: Iterable[ClassSession]) -> list[str]:
    if moved is None:
        return []
    return [
        f"{one.title}, {messages.in_studio_time(one.starts_at)}"
        for one in others
        if one.pk != moved.pk and one.starts_at < moved.ends_at and one.ends_at > moved.starts_at
    ]


def _line(raised: Collection[ClassSession]) -> Counter[int]:
    waiting = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session__in=[one.pk for one in raised])
    counts = waiting.filter(member__is_active=True).order_by().values_list("session").annotate(Count("pk"))
    return Counter(dict(counts)) if raised else Counter()


def _outlook(before: ClassSession, after: ClassSession, told: list[Told], waiting: int) -> Outlook:
    changes = [
        (str(ClassSession._meta.get_field(name).verbose_name).capitalize(), *_written(before, after, name))  # type: ignore[union-attr]
        for name in SHOWN
        if getattr(before, name) != getattr(after, name)
    ]
    refused = policy.too_few_seats(taken=before.seats_taken, capacity=after.capacity)
    offered = min(max(after.capacity - before.seats_taken, 0), waiting)
    return Outlook(before, changes, told, offered, refused)


def _written(before: ClassSession, after: ClassSession, name: str) -> tuple[str, str]:
    old, new = (getattr(one, name) for one in (before, after))
    if isinstance(old, datetime):
        return messages.in_studio_time(old), messages.in_studio_time(new)
    return str(old) or "–", str(new) or "–"
