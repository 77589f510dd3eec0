"""One sale at the desk: seat, credits or cash, message and log in one transaction.

Note [Cash]: what is taken at the desk is no payment of Stripe's. The booking says that it was paid there, the log of
acts says who took it, and a law holds the one against the other. What comes back of it is owed by the till until staff
say that they have handed it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from booking import messages, seats, waitlist
from booking.exceptions import MemberBlocked, OfferGone
from booking.models import Booking, ClassSession
from members import acts
from members.models import Member
from payments import credits
from payments.exceptions import InsufficientCredits
from payments.models import CreditLot

Status, PayWith, PaidWith = Booking.Status, Booking.PayWith, Booking.PaidWith
NO_CREDITS = "They do not have enough credits for this session."
TOLD = ("amount", "currency", "credits_spent", "paid_with", "status", "checked_in_at")


class SeatsMoved(Exception):
    """A seat has become free since we looked, or somebody else has had the extra one."""


@dataclass(frozen=True)
class Sale:
    """What one press of the button asks for; with an offer of the waitlist, its seat is held already.

    `here` says that the member stands at the door: they are checked in at once. `extra` adds the seat they take.
    """

    actor: Member
    member_id: int
    session: ClassSession
    pay_with: str
    key: str
    now: datetime
    here: bool
    reason: str
    reference: str
    offer: Booking | None = None
    extra: bool = False

    @property
    def by(self) -> str:
        return f"staff:{self.actor.pk}"

    def log(self, act: str, subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        acts.record(
            actor=self.actor, act=act, subject=subject, now=self.now, before=before, after=after, reason=self.reason
        )


def sell(sale: Sale) -> Booking:
    """Write the booking as paid and take what pays for it. Opens a transaction, no network.

    SessionFull, SessionClosed, InsufficientCredits, MemberBlocked; CreditsMoved, OfferGone, SeatsMoved: look again.
    """
    with transaction.atomic():
        member = _admitted(sale)
        draft = sale.offer or Booking(reference=sale.reference, member=member, session=sale.session)
        lots = _lots(sale, member)
        booking = _write(sale, draft, _paid(sale, draft, by_credits=bool(lots)))
        if booking.credit_spend is not None:
            credits.spend(booking.credit_spend, lots=lots, now=sale.now)
        messages.tell_paid(booking, session=sale.session, member=member, now=sale.now)
        waitlist.leave(member=member, session_id=sale.session.pk, now=sale.now)
        _log(sale, booking)
        _take_seat(sale)
    return booking


def _admitted(sale: Sale) -> Member:
    """Locks the member first, so that nobody is blocked or erased while they are booked."""
    member = Member.objects.select_for_update(no_key=True).get(pk=sale.member_id)
    if not member.is_active:
        raise MemberBlocked
    return member


def _lots(sale: Sale, member: Member) -> list[CreditLot]:
    """The lots that pay for the session; none when cash does, or it is free."""
    price = sale.session.credits_required
    if sale.session.amount == 0 or sale.pay_with != PayWith.CREDITS:
        return []
    lots = list(credits.usable(member, at=sale.session.starts_at)) if price else []
    if not lots or sum(lot.remaining for lot in lots) < price:
        raise InsufficientCredits(NO_CREDITS)
    return lots


def _paid(sale: Sale, draft: Booking, *, by_credits: bool) -> dict[str, Any]:
    """How it is paid, as columns of the booking; credits are promised, and spent when it is written."""
    session = sale.session
    if session.amount == 0:
        return {"paid_with": PaidWith.FREE}
    if not by_credits:
        return {"paid_with": PaidWith.DESK, "amount": session.amount}
    price = session.credits_required
    spend = credits.promise(member=draft.member, credits=price, subject=draft.subject, now=sale.now)
    return {"paid_with": PaidWith.CREDITS, "credits_spent": price, "credit_spend": spend}


def _write(sale: Sale, draft: Booking, paid: dict[str, Any]) -> Booking:
    """Write it as paid, in the caller's transaction; OfferGone when its offer is."""
    asked = {"pay_with": sale.pay_with, "idempotency_key": sale.key, "currency": sale.session.currency}
    fields = {"amount": 0, "paid_at": sale.now, "checked_in_at": sale.now if sale.here else None, **asked, **paid}
    reason = str(paid["paid_with"])
    if not draft.make(Status.PAID, by=sale.by, reason=reason, now=sale.now, **fields):
        raise OfferGone
    return draft


def _log(sale: Sale, booking: Booking) -> None:
    """Its line of the log. The law of desk bookings reads the amount and the currency there."""
    before = {"status": Status.PENDING} if sale.offer else {}
    told = {name: getattr(booking, name) for name in TOLD}
    whose = {"session": booking.session_id, "member": booking.member_id}
    sale.log("walk_in" if sale.here else "book_for_member", booking.subject, before, told | whose)


def _take_seat(sale: Sale) -> None:
    """The last statement; but the line of an extra seat says how many there are by then, so it comes after it."""
    session, now = sale.session, sale.now
    if sale.offer is not None:
        return
    if not sale.extra:
        take = seats.take_at_the_door if sale.here else seats.take
        take(session, now=now)
        return
    if not seats.add(session, allowed=settings.WALK_IN_EXTRA_SEATS, now=now):
        raise SeatsMoved
    capacity, extra = ClassSession.objects.values_list("capacity", "extra_seats").get(pk=session.pk)
    before = {"capacity": capacity - 1, "extra_seats": extra - 1}
    sale.log("extra_seat", f"session:{session.pk}", before, {"capacity": capacity, "extra_seats": extra})
