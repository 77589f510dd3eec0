"""What a request to book asks for."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import BigIntegerField

from booking.models import Booking, ClassSession
from members.models import Member

BY = "member"
# By hand, for it is asked for every booking and every refusal: the ORM takes longer to write it than the database to
# answer it.
ASKED = """SELECT asked.*,
    EXISTS (SELECT 1 FROM booking_booking AS mine WHERE mine.member_id = %(member)s AND (
        mine.session_id = asked.id AND mine.status IN ('pending', 'paid') OR mine.idempotency_key = %(key)s
    )) AS is_known,
    EXISTS (SELECT 1 FROM booking_booking AS held WHERE held.session_id = asked.id AND held.status = 'pending')
        AS has_holds
FROM booking_classsession AS asked WHERE asked.id = %(session)s
"""


@dataclass(frozen=True)
class Order:
    """What one request asks for; with an offer of the waitlist, its seat is held already.

    The session was read with two answers more: whether the member has something of it, and whether anybody holds it.
    `tried` tells which bookings this request may have written, and in which round: so it knows its own after a fault.
    """

    member: Member
    session: ClassSession
    pay_with: str
    key: str | None
    now: datetime
    reference: str
    offer: Booking | None = None
    tried: dict[str, str] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the member had something of the session, or something by this key, when it was read."""
        return bool(vars(self.session)["is_known"])

    @property
    def has_holds(self) -> bool:
        """Whether anybody held a seat of the session without having paid."""
        return bool(vars(self.session)["has_holds"])


def session_for(member: Member, *, session_id: int, key: str | None) -> ClassSession:
    """The session, and whether the member has something of it or by this key, and whether anybody holds a seat of it.

    By one query: most of those who ask have nothing, and a full session has to be quick at saying so. Raises
    ClassSession.DoesNotExist.
    """
    asked = {"member": member.pk, "session": session_id, "key": key}
    if session_id <= BigIntegerField.MAX_BIGINT:
        for session in ClassSession.objects.raw(ASKED, asked):
            return session
    raise ClassSession.DoesNotExist
