"""What staff change of a session, written in one transaction with what follows from it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from booking import moving, seats, waitlist
from booking.exceptions import SessionClosed, SessionFull
from booking.models import ClassSession
from members.models import Member

# Seats are taken and lines joined between our reading and our writing; what is left then, the expiry command offers.
TRIES = 3


def write(session: ClassSession, *, changed: Collection[str], actor: Member | None, now: datetime) -> None:
    """Write the changed fields; the seats that a raised capacity brings go to who waits for them, in order.

    Opens a transaction. Without an actor, as from a command, nothing goes to the log of staff acts. IntegrityError when
    more seats are taken by now than the new capacity has.
    """
    for _ in range(TRIES if "capacity" in changed else 0):
        try:
            with transaction.atomic():
                taken = ClassSession.objects.values_list("seats_taken", flat=True).get(pk=session.pk)
                offered = waitlist.offer_more(session, seats=session.capacity - taken, now=now)
                moving.save(session, fields=changed, actor=actor, now=now)
                if offered:
                    seats.take(session, now=now, seats=offered)
                # The row is ours by now: who joined the line since we looked is seen, and nobody joins any more.
                if waitlist.neglected(now=now).filter(pk=session.pk).exists():
                    raise waitlist.SomebodyJoined
            break
        except (SessionFull, SessionClosed, waitlist.SomebodyJoined):
            continue
    else:
        moving.save(session, fields=changed, actor=actor, now=now)
    if "starts_at" in changed:
        # Moved to later, it may have come within reach of the offers again.
        session.refresh_from_db()
        waitlist.fill(session, now=now)
