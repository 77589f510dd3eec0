"""Book: spend credits, or hold the seat and open a payment."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from booking import expiry, messages, policy, seats, settlement
from booking.exceptions import AlreadyBooked, SessionClosed, SessionFull, TooManyHolds
from booking.models import Booking, ClassSession, new_reference
from boundary import faults
from members.models import Member
from payments import credits, intents
from payments.exceptions import (
    CreditsMoved,
    IdempotencyKeyReused,
    InsufficientCredits,
    PaymentsNotConfigured,
    PaymentsUnavailable,
)
from payments.models import CreditLot

Status, PayWith, PaidWith = Booking.Status, Booking.PayWith, Booking.PaidWith
BY = "member"
# A twin of this request, or another booking of the same member, can win between our reading and our writing; the
# database then refuses ours and we look again. So we do after a hold that turned out to be over, and after a fault of
# the database that has passed. Each round has a winner, so a few rounds are enough for any number of twins.
ROUNDS = 5


@dataclass(frozen=True)
class Booked:
    """The answer to a booking: its row, whether it is new, and the secret to pay it with while it can be paid."""

    booking: Booking
    created: bool
    client_secret: str = ""


@dataclass(frozen=True)
class Order:
    """What one request asks for."""

    member: Member
    session: ClassSession
    pay_with: str
    key: str | None
    now: datetime
    reference: str


def book(*, member: Member, session_id: int, pay_with: str, key: str | None, now: datetime) -> Booked:
    """Book a seat, or answer with the booking the member or the key has already.

    Short transactions; calls Stripe between them when a card has to pay. Raises ClassSession.DoesNotExist and the
    refusals of the contract; on PaymentsUnavailable the hold stands, on every other refusal nothing does.
    """
    lost: Exception | None = None
    reference = new_reference()
    for _ in range(ROUNDS):
        try:
            order = Order(member, ClassSession.objects.get(pk=session_id), pay_with, key, now, reference)
            booked = _look_then_book(order)
            if booked is not None:
                return booked
        except faults.UNAVAILABLE as error:
            if not faults.is_passing(error):
                raise
            # It may have been committed all the same: the reference tells; see Note [The retry finds the truth].
            lost = error
            continue
        except (IntegrityError, CreditsMoved) as error:
            lost = error
        reference = new_reference()
    raise PaymentsUnavailable("Too much happened at once; nothing is held. Send the same request again.") from lost


def _look_then_book(order: Order) -> Booked | None:
    """Answer with the booking there is, else with a new one; None when what stood in the way is gone: look again."""
    found = _own_booking(order)
    if found is not None:
        return _resume(found, order)
    try:
        _refuse_early(order.session, order.now)
        return _book_new(order)
    except SessionFull:
        if not expiry.free_seats(order.session, now=order.now):
            raise
    except (InsufficientCredits, TooManyHolds):
        # Perhaps for what a twin of this request has taken since we looked: then its booking is the answer.
        if _own_booking(order) is None:
            raise
    return None


def _own_booking(order: Order) -> Booking | None:
    """The booking this request repeats: the one made with its key, else the member's holding one of the session.

    IdempotencyKeyReused when the key stands for something else.
    """
    of_key = Q(idempotency_key=order.key) if order.key is not None else Q(pk=None)
    of_session = Q(session_id=order.session.pk, status__in=Booking.HOLDING)
    mine = list(Booking.objects.filter(of_key | of_session, member=order.member).select_related("payment"))
    for booking in mine:
        if order.key is not None and booking.idempotency_key == order.key:
            if (booking.session_id, booking.pay_with) != (order.session.pk, order.pay_with):
                raise IdempotencyKeyReused
            return booking
    return mine[0] if mine else None


def _resume(booking: Booking, order: Order) -> Booked | None:
    """Answer with a booking that exists, its payment as Stripe sees it; None when it is over: book anew."""
    created = booking.reference == order.reference
    repeated = created or (order.key is not None and booking.idempotency_key == order.key)
    if booking.status == Status.PAID and not repeated:
        raise AlreadyBooked
    if booking.status != Status.PENDING or booking.payment is None:
        return Booked(booking, created)
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
        raise SessionFull


def _book_new(order: Order) -> Booked:
    if order.session.amount == 0:
        return Booked(_book_free(order), created=True)
    lots = _lots_to_spend(order)
    if lots:
        return Booked(_book_with_credits(order, lots), created=True)
    booking = _hold(order)
    assert booking.payment is not None
    intent = intents.open_at_stripe(booking.payment, settle=settlement.settle, by=BY, now=order.now)
    if intent is None:
        booking.refresh_from_db()
    return Booked(booking, created=True, client_secret=intent.client_secret if intent else "")


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
    booking = _draft(order, status=Status.PAID, paid_with=PaidWith.FREE, paid_at=order.now)
    with transaction.atomic():
        booking.start(by=BY, reason="free")
        messages.tell_paid(booking, session=order.session, member=order.member, now=order.now)
        seats.take(order.session, now=order.now)
    return booking


def _book_with_credits(order: Order, lots: list[CreditLot]) -> Booking:
    price = order.session.credits_required
    booking = _draft(order, status=Status.PAID, paid_with=PaidWith.CREDITS, paid_at=order.now, credits_spent=price)
    with transaction.atomic():
        booking.credit_spend = credits.promise(
            member=order.member, credits=price, subject=booking.subject, now=order.now
        )
        booking.start(by=BY, reason="credits")
        credits.spend(booking.credit_spend, lots=lots, now=order.now)
        messages.tell_paid(booking, session=order.session, member=order.member, now=order.now)
        seats.take(order.session, now=order.now)
    return booking


def _hold(order: Order) -> Booking:
    """Hold the seat and write the payment it waits for; Stripe is asked after the commit."""
    if not settings.PAYMENTS_ENABLED:
        raise PaymentsNotConfigured
    session, now = order.session, order.now
    expires_at = policy.hold_expires_at(now=now, starts_at=session.starts_at)
    booking = _draft(order, status=Status.PENDING, amount=session.amount, expires_at=expires_at)
    with transaction.atomic():
        _refuse_too_many_holds(order.member)
        booking.payment = intents.propose(
            subject=booking.subject,
            member=order.member,
            amount=session.amount,
            currency=session.currency,
            description=f"{session.title} ({booking.reference})",
            now=now,
        )
        booking.start(by=BY, reason="hold")
        seats.take(session, now=now)
    return booking


def _refuse_too_many_holds(member: Member) -> None:
    """Locks the member first: two bookings at once cannot both be the last one allowed."""
    Member.objects.select_for_update(no_key=True).only("pk").get(pk=member.pk)
    holds = Booking.objects.filter(member=member, status=Status.PENDING, payment__isnull=False).count()
    if holds >= settings.MAX_HOLDS_PER_MEMBER:
        raise TooManyHolds


def _draft(order: Order, **fields: object) -> Booking:
    return Booking(
        reference=order.reference,
        member=order.member,
        session=order.session,
        pay_with=order.pay_with,
        idempotency_key=order.key,
        currency=order.session.currency,
        created_at=order.now,
        **fields,
    )
