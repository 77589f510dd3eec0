"""The front desk: book for a member or for who stands at the door, end a hold, hand cash back.

Note [The door]: the desk never goes past the line. While somebody waits and offers are still made, the next seat is
theirs, be it a free one or an extra one. Who stands at the door may have a seat also after the start, until the end.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from booking import cancellation, expiry, quotes, settlement, waitlist
from booking.exceptions import (
    AlreadyBooked,
    HeldByCard,
    LineFirst,
    NotCancellable,
    NothingOwed,
    OfferGone,
    ReasonNeeded,
    SessionClosed,
    SessionFull,
)
from booking.models import Booking, ClassSession
from booking.sales import Sale, SeatsMoved, sell
from members import acts
from members.models import Member
from payments.exceptions import CreditsMoved, IdempotencyKeyReused
from payments.rounds import in_rounds

Status = Booking.Status
# What the keys of the desk begin with; one that a member sends cannot be told from them, and need not.
KEY = "desk:"
THEIRS = "They have a booking of this session already."


@dataclass(frozen=True)
class Sold:
    """The booking there is now, and whether this press of the button made it."""

    booking: Booking
    created: bool


def book(
    *,
    actor: Member,
    member_id: int,
    session_id: int,
    pay_with: str,
    key: str,
    now: datetime,
    here: bool = False,
    reason: str = "",
) -> Sold:
    """Book a seat for a member and take what it costs, in credits or in cash; once for each key.

    Short transactions; asks Stripe only about stale holds of a full session. Raises ClassSession.DoesNotExist,
    Member.DoesNotExist and refusals, after which nothing is booked and nothing was taken.
    """

    def attempt(reference: str) -> Sold | None:
        session = ClassSession.objects.get(pk=session_id)
        return _look_then_sell(Sale(actor, member_id, session, pay_with, key, now, here, reason, reference))

    return in_rounds(attempt, lost_to=(CreditsMoved, OfferGone, SeatsMoved))


def end_hold(booking: Booking, *, actor: Member, now: datetime) -> Booking:
    """End a member's hold or offer; what may be paid by card is voided first.

    Network; NotCancellable, PaymentsUnavailable. Stripe may answer that it was paid: so the log says that it was asked
    for, and the booking's history what came of it.
    """
    if booking.status != Status.PENDING:
        raise NotCancellable
    with transaction.atomic():
        before = {"status": booking.status, "expires_at": booking.expires_at}
        acts.record(actor=actor, act="end_hold", subject=booking.subject, now=now, before=before)
    return cancellation.give_up(booking, by=f"staff:{actor.pk}", reason="staff", now=now)


def take_back(booking: Booking, *, actor: Member, reason: str, now: datetime) -> Booking:
    """Undo a sale of the desk that was a mistake: everything it took is returned, also when they were checked in.

    One transaction, no network. NotCancellable for what members have booked themselves, and for who was missed.
    """
    if not reason:
        raise ReasonNeeded("Say why it is taken back.")
    if not was_sold_here(booking) or booking.status != Status.PAID or booking.no_show_at is not None:
        raise NotCancellable
    with transaction.atomic():
        before = {"status": booking.status, "checked_in_at": booking.checked_in_at}
        booking.undo_check_in()
        everything = quotes.in_full(booking, now=now)
        cancellation.give_back(booking, everything, by=f"staff:{actor.pk}", reason="staff", now=now)
        names = ("status", "returned_amount", "returned_credits", "checked_in_at")
        after = {name: getattr(booking, name) for name in names}
        acts.record(
            actor=actor, act="take_back", subject=booking.subject, now=now, before=before, after=after, reason=reason
        )
    return booking


def was_sold_here(booking: Booking) -> bool:
    """Whether the desk has made it, by whatever it was paid: then no card has to be asked."""
    return (booking.idempotency_key or "").startswith(KEY) and booking.payment_id is None


def cash_owed() -> QuerySet[Booking]:
    """What was paid at the desk, and is to be handed back there; the oldest debt first."""
    return Booking.objects.filter(Booking.CASH_OWED).order_by("ended_at", "id")


def hand_back(booking: Booking, *, actor: Member, now: datetime) -> None:
    """Say that the cash which a cancelled booking returned was given out. Opens a transaction; NothingOwed."""
    with transaction.atomic():
        if not booking.hand_cash_back(now=now):
            raise NothingOwed
        owed = {"amount": booking.returned_amount, "currency": booking.currency}
        before, after = owed | {"cash_returned_at": None}, owed | {"cash_returned_at": now}
        acts.record(actor=actor, act="hand_back_cash", subject=booking.subject, now=now, before=before, after=after)


def _look_then_sell(sale: Sale) -> Sold | None:
    """Answer with the booking this key has made, else sell; None when what stood in the way is gone: look again."""
    found = _found(sale)
    if found is not None and found.idempotency_key == sale.key:
        return Sold(found, created=False)
    if found is not None and found.status == Status.PAID:
        raise AlreadyBooked(THEIRS)
    if found is not None and not found.is_offer:
        raise HeldByCard
    if found is not None:
        return _take_offer(sale, found)
    _refuse_early(sale)
    try:
        return Sold(sell(sale), created=True)
    except SessionFull:
        if expiry.free_seats(sale.session, now=sale.now):
            return None
        if not _may_add(sale):
            raise
    return Sold(sell(replace(sale, extra=True)), created=True)


def _found(sale: Sale) -> Booking | None:
    """The booking this key has made, else the member's holding one of the session; IdempotencyKeyReused."""
    of_session = Q(session_id=sale.session.pk, status__in=Booking.HOLDING)
    theirs = Booking.objects.filter(Q(idempotency_key=sale.key) | of_session, member=sale.member_id)
    found = list(theirs.select_related("session", "member"))
    for booking in found:
        if booking.idempotency_key == sale.key:
            if (booking.session_id, booking.pay_with) != (sale.session.pk, sale.pay_with):
                raise IdempotencyKeyReused
            return booking
    return found[0] if found else None


def _take_offer(sale: Sale, offer: Booking) -> Sold | None:
    """Pay for the seat that the waitlist keeps; None when the time for that was over, and the seat is handed on."""
    if settlement.lapse_if_over(offer, sale.session, by=sale.by, now=sale.now):
        return None
    return Sold(sell(replace(sale, offer=offer)), created=True)


def _refuse_early(sale: Sale) -> None:
    """What a plain read can tell, without writing anything; the seat's update has the last word."""
    session, now = sale.session, sale.now
    goes_on = session.status == ClassSession.Status.SCHEDULED and session.ends_at > now
    if not (goes_on if sale.here else session.is_open(now)):
        raise SessionClosed
    if waitlist.first_in_line(session.pk, now=now) not in (None, sale.member_id):
        raise LineFirst


def _may_add(sale: Sale) -> bool:
    """Whether the studio allows one more extra seat; ReasonNeeded when nobody said what for."""
    allowed = sale.here and sale.session.extra_seats < settings.WALK_IN_EXTRA_SEATS
    if allowed and not sale.reason:
        raise ReasonNeeded
    return allowed
