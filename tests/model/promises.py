"""What must hold of the reference model after every step, whatever happened: the promise, in plain Python.

The program is held against the model, and the model against this.
"""

from collections.abc import Iterator

from tests.model.ledger import HOLDING, Booking
from tests.model.stripe_truth import PAYABLE
from tests.model.studio import Studio


def broken(studio: Studio) -> list[str]:
    """Every promise that does not hold, in words."""
    return [*_seats(studio), *_credits(studio), *_intents(studio), *_money(studio)]


def _seats(studio: Studio) -> Iterator[str]:
    for session in studio.sessions:
        if not 0 <= session.taken <= session.capacity:
            yield f"{session.taken} of {session.capacity} seats are taken"
        holders = [booking.member for booking in session.bookings if booking.status in HOLDING]
        if len(holders) != len(set(holders)):
            yield "a member holds two seats of one session"


def _credits(studio: Studio) -> Iterator[str]:
    for member in studio.members:
        granted = sum(lot.granted for lot in member.lots)
        mine = [booking for booking in studio.bookings if booking.member is member]
        spent = sum(booking.credits - booking.returned_credits for booking in mine)
        if member.balance != granted - spent or any(lot.left < 0 for lot in member.lots):
            yield f"{member.name} was granted {granted}, spent {spent}, and has {member.balance}"


def _intents(studio: Studio) -> Iterator[str]:
    for booking in studio.bookings:
        made = [intent for intent in studio.stripe.intents if booking.payment and intent.payment is booking.payment]
        if len(made) > 1:
            yield "a booking has two intents"
        for intent in made:
            refused = booking.payment is not None and booking.payment.intent is None
            if booking.status == "freed" and intent.status in (*PAYABLE, "processing") and not refused:
                yield "a freed seat can still be paid"
            if booking.status in ("paid", "cancelled") and intent.status != "succeeded":
                yield f"a booking is {booking.status} and its intent was not paid"


def _money(studio: Studio) -> Iterator[str]:
    for intent in studio.stripe.intents:
        if intent.left < 0:
            yield "more went back than came in"
    received = sum(booking.payment.received for booking in studio.bookings if booking.payment)
    earned = sum(booking.amount for booking in studio.bookings if booking.status == "paid" and booking.payment)
    given_up = [booking for booking in studio.bookings if booking.status == "cancelled" and booking.payment]
    late = [booking for booking in studio.bookings if booking.payment and booking.status in ("pending", "freed")]
    owed = sum(_returned_or_owed(booking) for booking in late)
    if received != earned + owed + sum(booking.amount for booking in given_up):
        yield f"{received} came in: {earned} are earned, {owed} owed or returned"
    for booking in given_up:
        yield from _of_a_cancelled(booking)


def _of_a_cancelled(booking: Booking) -> Iterator[str]:
    """What was said goes back, and no more by the program's hand; whoever sits at the dashboard may return more."""
    payment = booking.payment
    assert payment is not None
    assert payment.intent is not None
    said = booking.returned_amount
    if _returned_or_owed(booking) < said:
        yield f"{said} of a cancelled booking should go back, {_returned_or_owed(booking)} does"
    ours = sum(made.amount for made in payment.intent.given_back if made.debt and made.status != "failed")
    if ours > said:
        yield f"{said} of a cancelled booking should go back, we gave {ours}"


def _returned_or_owed(booking: Booking) -> int:
    """What went back or will; what staff must give back by hand, after three attempts, is owed all the same."""
    payment = booking.payment
    assert payment is not None
    given_up = any(debt.status == "failed" for debt in payment.debts)
    return payment.received if given_up else payment.received - payment.returnable
