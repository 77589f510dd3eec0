"""The line for a full session: join it, leave it, and be offered the seat that was freed.

Note [A seat is handed on]: who ends a holding booking asks here what becomes of its seat, in the same transaction. The
first in line gets it as an offer, a pending booking of their own, and the count of taken seats does not move: nobody
else ever sees the seat free. Only when nobody waits does the session get it back. Whoever joins meanwhile has locked
the full session as their last act, so one of the two sees the other: the giver looks again after the seat was given
back, the joiner is told that a seat is free. The lock order is the one of every booking: rows of the member first, the
session last.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from booking import messages, policy, seats
from booking.exceptions import (
    AlreadyBooked,
    AlreadyWaiting,
    SeatsAvailable,
    SessionClosed,
    SessionFull,
    WaitlistClosed,
)
from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member

BY = "waitlist"


class SomebodyJoined(Exception):
    """Somebody stands in line by now, and the seat is theirs."""


class NoLongerWaiting(Exception):
    """The place in line was left, or has its offer, by now."""


def join(*, member: Member, session_id: int, now: datetime) -> WaitlistEntry:
    """Stand in line for a full session. Opens a transaction; raises ClassSession.DoesNotExist and the refusals."""
    session = ClassSession.objects.get(pk=session_id)
    if not session.is_open(now):
        raise SessionClosed
    if policy.offers_close_at(session.starts_at) <= now:
        raise WaitlistClosed
    entry = WaitlistEntry(member=member, session=session, joined_at=now)
    if _holds(entry):
        raise AlreadyBooked
    if session.seats_available > 0:
        raise SeatsAvailable
    try:
        with transaction.atomic():
            entry.save()
            if not seats.are_all_taken(session):
                session.refresh_from_db()
                raise SeatsAvailable if session.is_open(now) else SessionClosed
    except IntegrityError as error:
        raise AlreadyWaiting from error
    return entry


def leave(*, member: Member, session_id: int, now: datetime) -> Booking | None:
    """Give one's place up; who has an offer by now gets it back, for the caller to give up as well. No network."""
    mine = WaitlistEntry.objects.filter(member=member, session_id=session_id)
    if mine.filter(WaitlistEntry.WAITING).update(left_at=now):
        return None
    offers = Booking.objects.filter(pk__in=mine.values("offer"), status=Booking.Status.PENDING, payment=None)
    return offers.select_related("session", "member").first()


def entries(member: Member) -> QuerySet[WaitlistEntry]:
    """A member's places in line, newest first, each with its `position` from 1 on; it counts only who still waits."""
    ahead = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session=OuterRef("session"), pk__lte=OuterRef("pk"))
    position = ahead.order_by().values("session").annotate(count=Count("pk")).values("count")
    mine = WaitlistEntry.objects.filter(member=member).select_related("offer")
    return mine.annotate(position=Subquery(position)).order_by("-joined_at", "-id")


def hand_on(session_id: int, *, now: datetime) -> None:
    """Give the seat of a booking that has just ended to the first in line, else back to its session.

    In the caller's transaction, as its last act; see Note [A seat is handed on]. Of a session with extra seats none is
    handed on: it has more people than room.
    """
    while not _offer(session_id, Q(session__extra_seats=0), now=now):
        try:
            with transaction.atomic():
                seats.give_back(session_id)
                # With an extra seat that is gone now, none has become free.
                if _line(session_id, now=now).filter(session__seats_taken__lt=F("session__capacity")).exists():
                    raise SomebodyJoined
        except SomebodyJoined:
            continue
        return


def offer_more(session: ClassSession, *, seats: int, now: datetime) -> int:
    """Offer seats that a session is about to have; how many. In the caller's transaction, which takes them last."""
    offered = 0
    while offered < seats and _offer(session.pk, now=now):
        offered += 1
    return offered


def fill(session: ClassSession, *, now: datetime) -> int:
    """Offer the free seats of a session to who waits for them, each in its own transaction; how many."""
    for offered in range(session.seats_available):
        try:
            with transaction.atomic():
                if not _offer(session.pk, now=now):
                    return offered
                seats.take(session, now=now)
        except (SessionFull, SessionClosed):
            return offered
    return max(session.seats_available, 0)


def first_in_line(session_id: int, *, now: datetime) -> int | None:
    """The member who is offered the next seat; nobody once the offers have closed."""
    return _line(session_id, now=now).values_list("member", flat=True).first()


def neglected(*, now: datetime) -> QuerySet[ClassSession]:
    """The sessions that have a free seat while somebody waits: none, unless staff or a crash went past the line."""
    waiting = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, member__is_active=True).values("session")
    free = ClassSession.objects.filter(
        pk__in=waiting, status=ClassSession.Status.SCHEDULED, seats_taken__lt=F("capacity")
    )
    return free.filter(starts_at__gt=policy.offers_reach(now)).order_by("starts_at", "id")


def close(session: ClassSession, *, now: datetime) -> int:
    """Send home who waits for a cancelled session, and tell them; how many. Opens a transaction."""
    with transaction.atomic():
        line = list(WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session=session).select_related("member"))
        gone = [entry for entry in line if _leave(entry, now)]
        messages.tell_waiting_of_cancellation(gone, session=session, now=now)
    return len(gone)


def _line(session_id: int, *, now: datetime) -> QuerySet[WaitlistEntry]:
    """Who may be offered a seat now, in order; nobody once the offers have closed."""
    open_session = Q(session__status=ClassSession.Status.SCHEDULED, session__starts_at__gt=policy.offers_reach(now))
    line = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, open_session, session_id=session_id)
    return line.filter(member__is_active=True).order_by("pk")


def _offer(session_id: int, where: Q | None = None, /, *, now: datetime) -> bool:
    """Offer a seat to the first in line who can have it, in the caller's transaction; the count is the caller's."""
    for entry in _line(session_id, now=now).filter(where or Q()).select_related("session", "member"):
        session = entry.session
        booking = Booking(
            member=entry.member,
            session=session,
            status=Booking.Status.PENDING,
            pay_with=Booking.PayWith.AUTO,
            amount=session.amount,
            currency=session.currency,
            created_at=now,
            expires_at=policy.offer_expires_at(now=now, starts_at=session.starts_at),
        )
        try:
            with transaction.atomic():
                booking.start(by=BY, reason="offer")
                if not WaitlistEntry.objects.filter(WaitlistEntry.WAITING, pk=entry.pk).update(offer=booking):
                    raise NoLongerWaiting
        except NoLongerWaiting:
            continue
        except IntegrityError:
            # They have booked it otherwise, and wait for nothing.
            if not _holds(entry):
                raise
            _leave(entry, now)
            continue
        messages.tell_offer(booking, session=session, member=entry.member, now=now)
        return True
    return False


def _holds(entry: WaitlistEntry) -> bool:
    rows = Booking.objects.filter(member=entry.member_id, session=entry.session_id, status__in=Booking.HOLDING)
    return rows.exists()


def _leave(entry: WaitlistEntry, now: datetime) -> bool:
    return bool(WaitlistEntry.objects.filter(WaitlistEntry.WAITING, pk=entry.pk).update(left_at=now))
