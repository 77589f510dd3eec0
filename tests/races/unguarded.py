"""The program with one of its guards removed, for the negative controls: a race test must see what that breaks.

`X-Without: <guard>` on a request names the guard it does without; a command is told by `waiting`. Each
replacement is what a hurried hand would write: read, decide, write. A pause between reading and deciding lets every
request of a race read before the first one writes, so that a control breaks the promise every time. Served as
`tests.races.unguarded:application`, never by `config.wsgi`.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from config.wsgi import application as program

# isort: split
# What needs Django to be set up, which the line above does.
from booking import checkout, express, express_expiry, quotes, seats, waitlist
from booking.checkout import Order
from booking.exceptions import SessionFull, TooManyHolds
from booking.models import Booking, ClassSession
from booking.quotes import Quote
from booking.serializers import SessionSerializer
from boundary.bulkhead import Bulkhead
from payments import credits, intents, outcomes, packs, refunds, stripe_client, webhooks
from payments.models import CreditLot, PackPurchase, Payment, Refund
from payments.outcomes import Outcome
from payments.stripe_objects import Event, Intent

PAUSE_SECONDS = 0.3
LONGEST_SECONDS = 5
Function = Callable[..., Any]


class Request(threading.local):
    """What the present request does without; what a command does without is said of the class, for all its threads."""

    without = ""


request = Request()


def application(environ: dict[str, Any], start_response: Function) -> Iterable[bytes]:
    request.without = environ.get("HTTP_X_WITHOUT", "")
    return program(environ, start_response)


def instead_of(owner: Any, name: str, *, without: str | tuple[str, ...]) -> Callable[[Function], Function]:
    """Use the decorated function for `owner.name` in requests without that guard; it gets the original one first."""
    original = getattr(owner, name)
    guards = (without,) if isinstance(without, str) else without

    def replace(unguarded: Function) -> Function:
        def choose(*args: Any, **kwargs: Any) -> Any:
            if request.without in guards:
                return unguarded(original, *args, **kwargs)
            return original(*args, **kwargs)

        setattr(owner, name, choose)
        return unguarded

    return replace


@instead_of(packs, "_own_purchase", without="haste")
@instead_of(checkout, "session_for", without="haste")
def pause_after_looking(original: Function, *asked: Any, **named: Any) -> Any:
    """Takes no guard away: it only lets all twins of a request look before the first one writes."""
    found = original(*asked, **named)
    time.sleep(PAUSE_SECONDS)
    return found


@instead_of(express, "book", without=("seats", "credits"))
def book_step_by_step(original: Function, order: Order) -> None:
    """Between the steps are the guards that are taken away; one statement has nothing between."""


@instead_of(webhooks, "receive", without=("lock", "transaction"))
def hear_step_by_step(original: Function, event: Event, **how: Any) -> str:
    """The same of an event."""
    received: str = original(event, **{**how, "express": lambda event, *, now: False})
    return received


@instead_of(express_expiry, "claim", without="order")
def end_step_by_step(original: Function, booking_ids: Any, **how: Any) -> list[Any]:
    """The same of stale holds."""
    return []


@instead_of(Bulkhead, "place", without="bulkhead")
def as_many_as_there_are(original: Function, bulkhead: Bulkhead) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


@instead_of(checkout, "_refuse_early", without="seats")
def pause_after_reading_the_session(original: Function, session: ClassSession, now: datetime) -> None:
    original(session, now)
    time.sleep(PAUSE_SECONDS)


@instead_of(seats, "take", without="seats")
def take_by_what_was_read(original: Function, session: ClassSession, *, now: datetime) -> None:
    if session.seats_taken >= session.capacity:
        raise SessionFull
    ClassSession.objects.filter(pk=session.pk).update(seats_taken=session.seats_taken + 1)


@instead_of(waitlist, "hand_on", without="line")
def give_the_seat_back_first(original: Function, session_id: int, *, now: datetime) -> None:
    """Leaves the line to whatever looks at it later."""
    seats.give_back(session_id)


@instead_of(checkout, "_lots_to_spend", without="credits")
def pause_after_reading_the_lots(original: Function, order: Order) -> list[CreditLot]:
    lots: list[CreditLot] = original(order)
    time.sleep(PAUSE_SECONDS)
    return lots


@instead_of(CreditLot, "withdraw", without=("credits", "debts"))
def withdraw_from_what_was_read(original: Function, lot: CreditLot, credits: int) -> bool:
    lot.remaining -= credits
    lot.save(update_fields=["remaining"])
    return True


@instead_of(checkout, "_hold", without="holds")
def count_the_holds_first(original: Function, order: Order) -> Booking:
    holds = Booking.objects.filter(member=order.member, status=Booking.Status.PENDING).count()
    if holds >= settings.MAX_HOLDS_PER_MEMBER:
        raise TooManyHolds
    time.sleep(PAUSE_SECONDS)
    booking: Booking = original(order)
    return booking


@instead_of(checkout, "_refuse_too_many_holds", without="holds")
def trust_the_count(original: Function, member: Any) -> None:
    """The holds were counted before."""


@instead_of(SessionSerializer, "validate", without="capacity")
def write_the_capacity_late(original: Function, serializer: SessionSerializer, attrs: Any) -> Any:
    """Compares with the seats taken now, and goes on to write when more than that are."""
    compared, deadline = original(serializer, attrs), time.monotonic() + LONGEST_SECONDS
    taken = ClassSession.objects.filter(pk=serializer.instance.pk, seats_taken__gt=compared["capacity"])
    while not taken.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return compared


@instead_of(QuerySet, "select_for_update", without=("lock", "transaction", "debts"))
def select_without_a_lock(original: Function, rows: QuerySet[Any], **kwargs: Any) -> QuerySet[Any]:
    return rows.all()


@instead_of(transaction, "atomic", without=("transaction", "debts"))
def every_statement_for_itself(original: Function, *args: Any, **kwargs: Any) -> Any:
    return contextlib.nullcontext()


@instead_of(outcomes, "disagreement", without=("lock", "transaction"))
def pause_after_reading_the_payment(original: Function, payment: Payment, intent: Intent, outcome: Outcome) -> str:
    """A decline takes longer, and is written last."""
    time.sleep(PAUSE_SECONDS * (2 if outcome == Outcome.FAILED else 1))
    wrong: str = original(payment, intent, outcome)
    return wrong


@instead_of(Booking, "mark_paid", without="transaction")
def pay_what_was_read(original: Function, booking: Booking, **how: Any) -> bool:
    """Without the transaction the conditional update alone would still let one of them through: it goes with it."""
    if booking.status != Booking.Status.PENDING:
        return False
    time.sleep(PAUSE_SECONDS)
    Booking.objects.filter(pk=booking.pk).update(status=booking.status)
    paid: bool = original(booking, **how)
    return paid


@instead_of(credits, "grant", without="transaction")
def pause_after_reading_the_purchase(original: Function, **asked: Any) -> Any:
    time.sleep(PAUSE_SECONDS)
    return original(**asked)


@instead_of(PackPurchase, "move", without=("credits", "debts"))
def move_from_what_was_read(original: Function, purchase: PackPurchase, from_: str, to: str, **fields: Any) -> bool:
    time.sleep(PAUSE_SECONDS)
    if purchase.status != from_:
        return False
    PackPurchase.objects.filter(pk=purchase.pk).update(status=to, **fields)
    return True


@instead_of(intents, "void", without="order")
def free_first_void_second(original: Function, payment_id: int, **how: Any) -> Payment:
    """Gives the seat back at once and asks Stripe afterwards, whatever it may answer."""
    reason, settle, by, now = how["reason"], how["settle"], how["by"], how["now"]
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
        if payment.status not in Payment.LIVE:
            return payment
        payment.change(Payment.Status.VOID, void_reason=reason, ended_at=now)
        settle(payment, by=by, now=now)
    time.sleep(PAUSE_SECONDS)
    with contextlib.suppress(stripe_client.StripeRejected, stripe_client.StripeUnavailable):
        stripe_client.cancel(payment.stripe_intent_id or "")
    return payment


@instead_of(quotes, "draw", without="ending")
def pause_after_reading_the_booking(original: Function, booking: Booking, *, now: datetime) -> Quote:
    quote: Quote = original(booking, now=now)
    time.sleep(PAUSE_SECONDS)
    return quote


@instead_of(Booking, "cancel", without="ending")
def cancel_by_what_was_read(original: Function, booking: Booking, *, amount: int, credits: int, **how: Any) -> bool:
    """Trusts the status that was read before the lock."""
    ended = {"status": Booking.Status.CANCELLED, "ended_at": how["now"], "ended_reason": how["reason"]}
    Booking.objects.filter(pk=booking.pk).update(**ended, returned_amount=amount, returned_credits=credits)
    return True


@instead_of(Refund, "claim", without="claim")
def submit_without_a_claim(original: Function, refund: Refund, now: datetime) -> bool:
    time.sleep(PAUSE_SECONDS)
    return True


@instead_of(stripe_client, "refund", without="claim")
def refund_by_a_key_of_the_moment(original: Function, **asked: Any) -> Any:
    """Without the claim the key alone would still keep the second refund away: it goes with it."""
    return original(**{**asked, "idempotency_key": str(uuid4())})


@instead_of(refunds, "returnable", without="debts")
def pause_after_adding_up(original: Function, payment: Payment) -> int:
    left: int = original(payment)
    time.sleep(PAUSE_SECONDS)
    return left


@instead_of(refunds, "_write", without="debts")
def owe_by_a_key_of_the_moment(original: Function, payment: Payment, **fields: Any) -> Refund:
    """Without the lock the unique key alone would still keep the second debt away: it goes with it."""
    refund: Refund = original(payment, **{**fields, "key": str(uuid4())})
    return refund
