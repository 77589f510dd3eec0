"""What the studio has on its books, in plain Python: sessions with seats, members with credits, bookings, money.

Part of the reference model. Days are small numbers: a session of day 0 has begun, lots live until the end of a day.
"""

from dataclasses import dataclass, field

from tests.model.stripe_truth import Dispute, GivenBack, Intent

HOLDING = ("pending", "paid")


@dataclass(eq=False)
class Session:
    capacity: int
    amount: int
    credits: int
    day: int
    bookings: "list[Booking]" = field(default_factory=list)
    revision: int = 0

    @property
    def taken(self) -> int:
        return sum(booking.status in HOLDING for booking in self.bookings)

    @property
    def free_seats(self) -> int:
        return self.capacity - self.taken

    @property
    def begun(self) -> bool:
        return self.day == 0

    def move(self, day: int) -> None:
        """Its holds never stand past its start; one that was cut short stays so."""
        self.revision += day != self.day
        self.day = day
        for booking in self.bookings if self.begun else ():
            if booking.status == "pending":
                booking.expired = booking.cut_short = True


@dataclass(eq=False)
class Lot:
    granted: int
    until: int | None
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.granted

    def pays_for(self, session: Session) -> bool:
        return self.left > 0 and (self.until is None or self.until > session.day)


@dataclass(eq=False)
class Member:
    name: str
    active: bool = True
    lots: list[Lot] = field(default_factory=list)
    grants: dict[str, tuple[int, int | None]] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots)


@dataclass(eq=False)
class Debt:
    """Money owed back, or given back by somebody else; `asked` once Stripe may know of it."""

    payment: "Payment"
    amount: int
    reason: str
    attempt: int = 1
    status: str = "due"
    tomorrow: bool = False
    asked: bool = False
    at_stripe: GivenBack | None = None


@dataclass(eq=False)
class Payment:
    """What the program knows of the money for one booking; `intent` once it has learnt of one."""

    amount: int
    status: str = "creating"
    why: str = ""
    intent: Intent | None = None
    received: int = 0
    debts: list[Debt] = field(default_factory=list)
    disputes: dict[Dispute, str] = field(default_factory=dict)

    @property
    def returnable(self) -> int:
        returning = sum(debt.amount for debt in self.debts if debt.status in ("due", "submitted", "succeeded"))
        return max(self.received - returning, 0)

    @property
    def contested(self) -> bool:
        return any(status != "won" for status in self.disputes.values())


@dataclass(eq=False)
class Booking:
    member: Member
    session: Session
    pay_with: str
    key: str | None
    status: str = "pending"
    paid_with: str = ""
    amount: int = 0
    credits: int = 0
    payment: Payment | None = None
    expired: bool = False
    cut_short: bool = False
    moved: bool = False
    ended: str = ""
    drawn: list[tuple[Lot, int]] = field(default_factory=list)
    returned_amount: int = 0
    returned_credits: int = 0

    @property
    def shown(self) -> tuple[str | int, ...]:
        """What its row says of it."""
        returned = (self.returned_amount, self.returned_credits)
        return (self.status, self.paid_with, self.amount, self.credits, *returned, self.ended)
