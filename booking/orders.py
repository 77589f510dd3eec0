"""What a request to book asks for."""

from dataclasses import dataclass, field
from datetime import datetime

from booking.models import Booking, ClassSession
from members.models import Member

BY = "member"


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
