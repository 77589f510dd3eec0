"""Book: spend credits, or hold the seat and open a payment."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from booking import expiry, express, messages, policy, seats, settlement
from booking.exceptions import AlreadyBooked, OfferGone, SessionClosed, SessionFull, TooManyHolds
from booking.models import Booking, ClassSession
from booking.orders import BY, Order, session_for
from members.models import Member
from payments import credits, intents
from payments.exceptions import (
    CreditsMoved,
    IdempotencyKeyReused,
    InsufficientCredits,
    PaymentsNotConfigured,
)
from payments.models import CreditLot
from payments.rounds import in_rounds

Status, PayWith, PaidWith = Booking.Status, Booking.PayWith, Booking.PaidWith


@dataclass(frozen=True)
class Booked:
    """The answer to a booking: its row, whether it is new, and the secret to pay it with while it can be paid."""

    booking: Booking
    created: bool
    client_secret: str = ""


def book(*, member: Member, session_id: int, pay_with: str, key: str | None, now: datetime) -> Booked:
    """Book a seat, or answer with the booking the member or the key has already.

    Short transactions; calls Stripe between them when a card has to pay. Raises ClassSession.DoesNotExist and the
    refusals of the contract; on PaymentsUnavailable the hold stands, on every other refusal nothing does.
    """
    tried: dict[str, str] = {}

    def attempt(reference: str) -> Booked | None:
        session = session_for(member, session_id=session_id, key=key)
        order = Order(member, session, pay_with, key, now, reference, tried=tried)
        booking = express.book(order)
        return Booked(booking, created=True) if booking else _look_then_book(order)

    return in_rounds(attempt, lost_to=(CreditsMoved, OfferGone))


def _look_then_book(order: Order) -> Booked | None:
    """Answer with the booking there is, else with a new one; None when what stood in the way is gone: look again."""
    found = _own_booking(order) if order.is_known else None
    if found is not None and not found.is_offer:
        return _resume(found, order)
    try:
        if found is not None:
            return _take_offer(found, order)
        _refuse_early(order.session, order.now)
        return _book_new(order)
    except SessionFull:
        if not (order.has_holds and expiry.free_seats(order.session, now=order.now)):
            raise
    except (InsufficientCredits, TooManyHolds):
        # Perhaps for what a twin of this request has taken since we looked: then its booking is the answer.
        own = _own_booking(order)
        if own is None or own.is_offer:
            raise
    return None


def _own_booking(order: Order) -> Booking | None:
    """The booking this request repeats: the one made with its key, else the member's holding one of the session.

    IdempotencyKeyReused when the key stands for something else.
    """
    of_key = Q(idempotency_key=order.key) if order.key is not None else Q(pk=None)
    of_session = Q(session=order.session, status__in=Booking.HOLDING)
    mine = list(Booking.objects.filter(of_key | of_session, member=order.member).select_related("payment"))
    for booking in mine:
        if order.key is not None and booking.idempotency_key == order.key:
            if (booking.session_id, booking.pay_with) != (order.session.pk, order.pay_with):
                raise IdempotencyKeyReused
            return booking
    return mine[0] if mine else None


def _take_offer(offer: Booking, order: Order) -> Booked | None:
    """Pay for the seat that the waitlist keeps; None when the time for that was over, and the seat is handed on."""
    if settlement.lapse_if_over(offer, order.session, by=BY, now=order.now):
        return None
    return _book_new(replace(order, offer=offer))


def _resume(booking: Booking, order: Order) -> Booked | None:
    """Answer with a booking that exists, its payment as Stripe sees it; None when it is over: book anew."""
    mine = order.tried.get(booking.reference) == order.reference
    created = mine and booking.reference == order.reference
    repeated = mine or (order.key is not None and booking.idempotency_key == order.key)
    if booking.status == Status.PAID and not repeated:
        raise AlreadyBooked
    if booking.status != Status.PENDING:
        return Booked(booking, created)
    assert booking.payment is not None, "an offer is taken, not resumed"
    intent = None
    if (booking.expires_at is not None and booking.expires_at <= order.now) or not order.session.is_open(order.now):
        intents.void(booking.payment.pk, reason="expired", settle=settlement.settle, by=BY, now=order.now)
    else:
        intent = intents.refresh(booking.payment, settle=settlement.settle, by=BY, now=order.now)
    booking.refresh_from_db()
    if booking.status == Status.FREED and not repeated:
        return None
    return Booked(booking, created, client_secret=intent.client_secret if intent else "")


def _refuse_early(session: ClassSession, now: datetime) -> None:
    """What a plain read can tell, without writing anything; `seats.take` has the last word."""
    if not session.is_open(now):
        raise SessionClosed
    if session.seats_available <= 0:
        raise seats.full(session, now=now)


def _book_new(order: Order) -> Booked:
    created = order.offer is None
    if order.session.amount == 0:
        return Booked(_book_free(order), created)
    lots = _lots_to_spend(order)
    if lots:
        return Booked(_book_with_credits(order, lots), created)
    booking = _hold(order)
    assert booking.payment is not None
    intent = intents.open_at_stripe(booking.payment, settle=settlement.settle, by=BY, now=order.now)
    if intent is None:
        booking.refresh_from_db()
    return Booked(booking, created, client_secret=intent.client_secret if intent else "")


def _lots_to_spend(order: Order) -> list[CreditLot]:
    """The lots that pay for the session; empty when a card has to."""
    price = order.session.credits_required
    if order.pay_with == PayWith.CARD or (price == 0 and order.pay_with == PayWith.AUTO):
        return []
    lots = list(credits.usable(order.member, at=order.session.starts_at)) if price else []
    if lots and sum(lot.remaining for lot in lots) >= price:
        return lots
    if order.pay_with == PayWith.CREDITS:
        raise InsufficientCredits
    return []


def _book_free(order: Order) -> Booking:
    with transaction.atomic():
        booking = _write(order, Status.PAID, reason="free", paid_with=PaidWith.FREE, paid_at=order.now)
        messages.tell_paid(booking, session=order.session, member=order.member, now=order.now)
        _take_seat(order)
    return booking


def _book_with_credits(order: Order, lots: list[CreditLot]) -> Booking:
    price = order.session.credits_required
    with transaction.atomic():
        spend = credits.promise(member=order.member, credits=price, subject=_draft(order).subject, now=order.now)
        paid = {"paid_with": PaidWith.CREDITS, "paid_at": order.now, "credits_spent": price, "credit_spend": spend}
        booking = _write(order, Status.PAID, reason="credits", **paid)
        credits.spend(spend, lots=lots, now=order.now)
        messages.tell_paid(booking, session=order.session, member=order.member, now=order.now)
        _take_seat(order)
    return booking


def _hold(order: Order) -> Booking:
    """Hold the seat and write the payment it waits for; Stripe is asked after the commit."""
    if not settings.PAYMENTS_ENABLED:
        raise PaymentsNotConfigured
    session, now = order.session, order.now
    draft = _draft(order)
    expires_at = policy.hold_expires_at(now=now, starts_at=session.starts_at)
    with transaction.atomic():
        _refuse_too_many_holds(order.member)
        payment = intents.propose(
            subject=draft.subject,
            member=order.member,
            amount=session.amount,
            currency=session.currency,
            description=f"{session.title} ({draft.reference})",
            now=now,
        )
        held = {"amount": session.amount, "expires_at": max(expires_at, draft.expires_at or expires_at)}
        booking = _write(order, Status.PENDING, reason="hold", payment=payment, **held)
        _take_seat(order)
    return booking


def _refuse_too_many_holds(member: Member) -> None:
    """Locks the member first: two bookings at once cannot both be the last one allowed."""
    Member.objects.select_for_update(no_key=True).only("pk").get(pk=member.pk)
    holds = Booking.objects.filter(member=member, status=Status.PENDING, payment__isnull=False).count()
    if holds >= settings.MAX_HOLDS_PER_MEMBER:
        raise TooManyHolds


def _draft(order: Order) -> Booking:
    """The offer to take, or a booking that is not written yet."""
    return order.offer or Booking(reference=order.reference, member=order.member, session=order.session)


def _write(order: Order, status: Booking.Status, *, reason: str, **fields: Any) -> Booking:
    """Write the booking as it was asked for, in the caller's transaction; OfferGone when its offer is."""
    booking = _draft(order)
    fields = {"amount": 0, "pay_with": order.pay_with, "idempotency_key": order.key, **fields}
    fields["currency"] = order.session.currency
    order.tried[booking.reference] = order.reference
    if not booking.make(status, by=BY, reason=reason, now=order.now, **fields):
        raise OfferGone
    return booking


def _take_seat(order: Order) -> None:
    """The last statement; an offer has its seat."""
    if order.offer is None:
        seats.take(order.session, now=order.now)
