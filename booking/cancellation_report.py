"""What became of cancelled sessions, booking by booking: ended or why not yet, the money's way back, the message.

Nothing of it is stored: it is read off the rows each time, so it is right after a crash and changes as refunds end.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from booking import messages, quotes
from booking.cancellation import CALLED_OFF
from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import StaffAct
from notifications.models import Message
from payments.currencies import written
from payments.models import Dispute, Payment, Refund

# A cancelled session's hold may be ended by whoever is quicker, in words of their own.
TOLD_BY = ("session_cancelled", "booking_cancelled", "hold_expired", "offer_lapsed", "payment_failed")
NOT_YET = "Not ended yet."
OF_A_HOLD = {
    Payment.Status.PROCESSING: "The bank is still at work on its payment; once it has decided, everything goes back.",
    Payment.Status.REVIEW: "Its payment does not add up: look at the payment, and compare with Stripe.",
    Payment.Status.VOIDING: "Stripe has not said yet that its payment is void.",
}


@dataclass(frozen=True)
class Step:
    """One refund on its way: where it is (`due`, `waits`, `submitted`, `succeeded`, `failed`), and how much."""

    pk: int
    status: str
    amount: str
    why: str


@dataclass(frozen=True)
class Line:
    """One booking: whether it has ended, or why not yet; what it returned, its refunds, and what its member heard."""

    reference: str
    member: str
    done: bool
    why: str
    returned: str
    refunds: list[Step]
    told: str


@dataclass(frozen=True)
class Report:
    """One session; `act` is the line of the log that cancelled it, where there is one."""

    session: ClassSession
    act: StaffAct | None
    lines: list[Line]
    sent_home: list[tuple[str, str]]
    waiting: int
    begun: bool

    @property
    def is_off(self) -> bool:
        return self.session.status == ClassSession.Status.CANCELLED

    @property
    def goes_on(self) -> bool:
        """Whether something is left that going on would do."""
        left = any(not line.done for line in self.lines) or self.waiting
        return bool(left) if self.is_off else not self.begun


@dataclass(frozen=True)
class Sum:
    """How far a run has come: bookings ended of how many, where the refunds are, whether going on would do more."""

    ended: int
    bookings: int
    refunds: dict[str, int]
    goes_on: bool


def read(ids: Collection[int], *, now: datetime) -> list[Report]:
    """The report of each of these sessions, by start; eight queries, however many there are. No network."""
    sessions = list(ClassSession.objects.filter(pk__in=ids).order_by("starts_at", "pk"))
    by_session = {one.subject: one for one in _acts(sessions)}
    bookings = _bookings(sessions, by_session)
    refunds = _refunds(bookings)
    line = list(_line_of(sessions))
    told = _told(bookings, line)
    gone = [one for one in line if messages.place(one) in told]
    return [
        Report(
            session,
            by_session.get(f"session:{session.pk}"),
            [_line(one, refunds[one.payment_id or 0], told) for one in bookings if one.session_id == session.pk],
            [(str(one.member), told[messages.place(one)]) for one in gone if one.session_id == session.pk],
            sum(one.session_id == session.pk and one.left_at is None for one in line),
            session.starts_at <= now,
        )
        for session in sessions
    ]


def add_up(reports: Collection[Report]) -> Sum:
    """Of each booking the last refund counts: it owes again what one before it could not bring."""
    lines = [line for report in reports for line in report.lines]
    refunds = Counter(line.refunds[-1].status for line in lines if line.refunds)
    goes_on = any(report.goes_on for report in reports)
    return Sum(sum(line.done for line in lines), len(lines), dict(refunds), goes_on)


def _acts(sessions: Iterable[ClassSession]) -> list[StaffAct]:
    subjects = [f"session:{session.pk}" for session in sessions]
    return list(StaffAct.objects.filter(act="cancel_session", subject__in=subjects).select_related("actor"))


def _bookings(sessions: Collection[ClassSession], acts: dict[str, StaffAct]) -> list[Booking]:
    """What held a seat when each was cancelled, however it ended since, and what holds one still."""
    ended = Q(ended_reason=CALLED_OFF)
    for session in sessions:
        if act := acts.get(f"session:{session.pk}"):
            ended |= Q(session=session, ended_at__gte=act.at)
    of_these = Q(session__in=[one for one in sessions if one.status == ClassSession.Status.CANCELLED])
    rows = Booking.objects.filter(of_these, Q(status__in=Booking.HOLDING) | ended)
    return list(rows.select_related("member", "payment").order_by("pk"))


def _refunds(bookings: Iterable[Booking]) -> dict[int, list[Step]]:
    contested = Dispute.objects.filter(payment=OuterRef("payment")).exclude(status__in=Dispute.SETTLED)
    payments = [booking.payment_id for booking in bookings if booking.payment_id]
    found: dict[int, list[Step]] = defaultdict(list)
    for row in Refund.objects.filter(payment__in=payments).annotate(contested=Exists(contested)).order_by("pk"):
        waits = row.status == Refund.Status.DUE and row.contested
        why = "the charge is contested" if waits else row.failure_code
        status = "waits" if waits else row.status
        found[row.payment_id].append(Step(row.pk, status, written(row.amount, row.currency), why))
    return found


def _line_of(sessions: Iterable[ClassSession]) -> Iterable[WaitlistEntry]:
    """Who waited and was made no offer."""
    return WaitlistEntry.objects.filter(session__in=list(sessions), offer=None).select_related("member").order_by("pk")


def _told(bookings: Iterable[Booking], line: Iterable[WaitlistEntry]) -> dict[str, str]:
    subjects = [*(booking.subject for booking in bookings), *(messages.place(entry) for entry in line)]
    rows = Message.objects.filter(kind__in=TOLD_BY, subject__in=subjects).order_by("created_at")
    return {message.subject: _heard(message) for message in rows}


def _heard(message: Message) -> str:
    """Where a message is, with the e-mail that stands in for it."""
    if message.status not in (Message.Status.FAILED, Message.Status.SKIPPED):
        return f"on its way ({message.status})" if message.status in Message.WAITING else message.status
    if message.emailed_at and not message.email_reason:
        return "mailed"
    if message.email_due_at:
        return "a mail is on its way"
    return f"reached nobody: {message.email_reason or message.reason}"


def _line(booking: Booking, refunds: list[Step], told: dict[str, str]) -> Line:
    done = booking.status not in Booking.HOLDING
    why = "" if done else _why(booking)
    heard = told.get(booking.subject, "–")
    return Line(booking.reference, str(booking.member), done, why, _returned(booking), refunds, heard if done else "–")


def _why(booking: Booking) -> str:
    payment = booking.payment
    if booking.status == Booking.Status.PAID or payment is None:
        return NOT_YET
    return OF_A_HOLD.get(Payment.Status(payment.status), NOT_YET)


def _returned(booking: Booking) -> str:
    """What came back, and whereto."""
    amount, credits = booking.returned_amount, booking.returned_credits
    payment = booking.payment
    if booking.status == Booking.Status.FREED and payment is not None and payment.status == Payment.Status.PAID:
        # Its money came while the hold was ended, and is owed back by that.
        amount = payment.amount_received
    if booking.status in Booking.HOLDING:
        return "–"
    if amount:
        way = "in cash, at the desk" if quotes.is_at_desk(booking) else "to the card"
        return f"{written(amount, booking.currency)} {way}"
    return f"{credits} {'credit' if credits == 1 else 'credits'}" if credits else "nothing"
