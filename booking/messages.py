"""Which message tells which moment; each is owed in the transaction of the moment itself."""

from collections.abc import Iterable
from datetime import datetime

from booking.models import Booking, ClassSession, WaitlistEntry
from boundary import studio_clock
from members.models import Member
from notifications import outbox
from notifications.models import Message
from payments.currencies import written
from payments.models import Payment

KIND_OF_ENDING = {
    "payment_failed": "payment_failed",
    "expired": "hold_expired",
    "offer_lapsed": "offer_lapsed",
    "session_cancelled": "session_cancelled",
}


def tell_paid(booking: Booking, *, session: ClassSession, member: Member, now: datetime) -> None:
    outbox.owe([paid(booking, session=session, member=member, now=now)])


def paid(booking: Booking, *, session: ClassSession, member: Member, now: datetime) -> Message:
    """What `tell_paid` owes, as a row that is not written yet."""
    variables = _of_session(session, member) | {"reference": booking.reference}
    return outbox.draft("booking_paid", outbox.Letter(booking.subject, member, variables), now=now)


def tell_freed(booking: Booking, *, session: ClassSession, member: Member, now: datetime) -> None:
    """A hold that the member gave up, or never came to be, needs no message."""
    kind = KIND_OF_ENDING.get(booking.ended_reason)
    if kind == "offer_lapsed":
        _tell(kind, booking, session, member, now, deadline=_deadline(booking))
    elif kind == "session_cancelled":
        _tell(kind, booking, session, member, now, returns=_of_a_hold(booking))
    elif kind:
        _tell(kind, booking, session, member, now)


def tell_cancelled(booking: Booking, *, session: ClassSession, member: Member, returns: str, now: datetime) -> None:
    """`returns` says in a sentence what comes back."""
    kind = "session_cancelled" if booking.ended_reason == "session_cancelled" else "booking_cancelled"
    _tell(kind, booking, session, member, now, returns=returns)


def tell_moved(session: ClassSession, *, before: ClassSession, now: datetime) -> None:
    """Say to everyone who holds a seat when and where it takes place now, once for each revision.

    A booking that commits at this very moment may yet be confirmed with the former time: its reminder says the new one.
    """
    new_start = in_studio_time(session.starts_at)
    if session.location != before.location:
        new_start += f", {session.location or 'place to be told'}"
    letters = [
        outbox.Letter(
            f"{booking.subject}:{session.revision}",
            booking.member,
            _of_session(before, booking.member) | {"title": session.title, "new_start": new_start},
        )
        for booking in session.bookings.filter(status__in=Booking.HOLDING).select_related("member").order_by("id")
    ]
    outbox.enqueue_all(kind="session_moved", letters=letters, now=now)


def remind(bookings: Iterable[Booking], *, now: datetime) -> None:
    """Say to each member of these bookings when and where it begins; `deliver_messages` sends it."""
    letters = [
        outbox.Letter(
            booking.subject,
            booking.member,
            _of_session(booking.session, booking.member) | {"location": booking.session.location},
        )
        for booking in bookings
    ]
    outbox.enqueue_all(kind="reminder", letters=letters, now=now, at_once=0)


def tell_offer(booking: Booking, *, session: ClassSession, member: Member, now: datetime) -> None:
    """Say that a seat is kept for who waited, and until when."""
    _tell("waitlist_offer", booking, session, member, now, deadline=_deadline(booking))


def tell_waiting_of_cancellation(line: Iterable[WaitlistEntry], *, session: ClassSession, now: datetime) -> None:
    """Who waits for a session has paid nothing, and waits for nothing once it is cancelled."""
    nothing = {"returns": "You were on its waitlist, so nothing was paid."}
    letters = [
        outbox.Letter(place(entry), entry.member, _of_session(session, entry.member) | nothing) for entry in line
    ]
    outbox.enqueue_all(kind="session_cancelled", letters=letters, now=now)


def place(entry: WaitlistEntry) -> str:
    """How messages name a place in line."""
    return f"waitlist:{entry.pk}"


def _tell(kind: str, booking: Booking, session: ClassSession, member: Member, now: datetime, **more: str) -> None:
    variables = _of_session(session, member) | more
    outbox.enqueue(kind=kind, subject=booking.subject, member=member, variables=variables, now=now)


def of_session(*, name: str, title: str, starts_at: datetime) -> dict[str, str]:
    """What every message says: to whom, of which session, and when that begins."""
    return {"name": name or "there", "title": title, "start": in_studio_time(starts_at)}


def _of_session(session: ClassSession, member: Member) -> dict[str, str]:
    return of_session(name=member.name, title=session.title, starts_at=session.starts_at)


def _of_a_hold(booking: Booking) -> str:
    """What returns of a hold: nothing, unless its money came when the session was cancelled already."""
    payment = booking.payment
    if payment is None or payment.status != Payment.Status.PAID:
        return "Nothing was paid."
    return returning(payment.amount_received, payment.currency, 0)


def returning(amount: int, currency: str, credits: int, *, at_desk: bool = False) -> str:
    """What comes back, in a sentence: minor units to the card or at the desk, or credits."""
    if amount and at_desk:
        return f"{written(amount, currency)} is returned to you at the studio."
    if amount:
        return f"{written(amount, currency)} goes back to your card."
    if credits:
        return "1 credit is yours again." if credits == 1 else f"{credits} credits are yours again."
    return "Nothing is returned."


def _deadline(booking: Booking) -> str:
    return in_studio_time(booking.expires_at) if booking.expires_at else ""


def in_studio_time(moment: datetime) -> str:
    """As the clock on the studio's wall shows it."""
    return studio_clock.written(moment)
