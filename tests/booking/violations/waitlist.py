"""Harm to offers and to who waits for them."""

from datetime import timedelta

from booking.models import Booking, WaitlistEntry
from members.models import Member
from tests.booking.violations.rows import LONG, NOW, Act
from tests.cast import session


def offer(title: str = "Offered") -> WaitlistEntry:
    """Ana has the offer of the only seat of a session."""
    one, ana = session(title=title, capacity=1, seats_taken=1), Member.objects.get(name="Ana")
    booking = Booking(
        member=ana,
        session=one,
        status="pending",
        pay_with="auto",
        amount=1500,
        currency="gbp",
        created_at=NOW(),
        expires_at=NOW() + timedelta(hours=1),
    )
    booking.start(by="waitlist", reason="offer")
    return WaitlistEntry.objects.create(member=ana, session=one, joined_at=NOW() - LONG, offer=booking)


def offer_to_nobody() -> None:
    offer().delete()


def offer_of_another() -> None:
    WaitlistEntry.objects.filter(pk=offer().pk).update(member=Member.objects.get(name="Ben"))


def offer_of_another_session() -> None:
    WaitlistEntry.objects.filter(pk=offer().pk).update(session=session(title="Elsewhere"))


def waiting_for_a_free_seat() -> None:
    WaitlistEntry.objects.create(
        member=Member.objects.get(name="Ana"), session=session(title="Roomy"), joined_at=NOW() - LONG
    )


VIOLATIONS: list[Act] = [
    ("offers", 1, offer_to_nobody),
    ("offers", 1, offer_of_another),
    ("offers", 1, offer_of_another_session),
    ("waiting", 1, waiting_for_a_free_seat),
]
