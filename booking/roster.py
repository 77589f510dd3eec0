"""What the front desk looks at: the sessions of a day, and who comes to one; as many queries for one as for thirty."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from booking import desk
from booking.models import Booking, ClassSession, WaitlistEntry
from boundary import studio_clock
from members.models import Member, MemberNote
from payments.currencies import written

RUN_DESK, SEE_OWN = "booking.run_desk", "booking.see_own_roster"
LATEST = 3


@dataclass(frozen=True)
class Row:
    """One seat of a session: whose it is, how it is paid, and what the door should know of them."""

    booking: Booking
    paid: str
    first_visit: bool
    sold_here: bool
    notes: list[MemberNote]


@dataclass(frozen=True)
class Roster:
    """Everybody who has a seat, by name, and what is still to be said of the session."""

    session: ClassSession
    rows: list[Row]
    owed: list["Owed"]
    waiting: int
    begun: bool

    @property
    def here(self) -> int:
        return sum(row.booking.checked_in_at is not None for row in self.rows)

    @property
    def unseen(self) -> int:
        """Those who have paid, and neither came nor were missed."""
        return sum(row.booking.status == Booking.Status.PAID and not row.booking.is_seen for row in self.rows)


@dataclass(frozen=True)
class Owed:
    """Cash to be handed back for one cancelled booking."""

    booking: Booking
    amount: str


def runs_desk(member: Member) -> bool:
    return member.has_perm(RUN_DESK)


def sessions(member: Member) -> QuerySet[ClassSession]:
    """Those whose rosters they may see: of the whole studio, or which they teach; PermissionDenied."""
    rows: QuerySet[ClassSession] = ClassSession.objects.all()
    if runs_desk(member):
        return rows
    if not member.has_perm(SEE_OWN):
        raise PermissionDenied
    return rows.filter(instructor=member.teaches_as).exclude(instructor="")


def of_day(member: Member, day: date) -> QuerySet[ClassSession]:
    """A day of the studio's, midnight to midnight by its clock, each session with how many are here."""
    first, after = studio_clock.moment(day), studio_clock.moment(day + timedelta(days=1))
    here = Count("bookings", filter=Q(bookings__status=Booking.Status.PAID, bookings__checked_in_at__isnull=False))
    rows = sessions(member).filter(starts_at__gte=first, starts_at__lt=after)
    return rows.annotate(here=here).order_by("starts_at", "id")


def of(session: ClassSession, *, now: datetime) -> Roster:
    """Who comes to a session."""
    bookings = Booking.objects.filter(session=session, status__in=Booking.HOLDING)
    bookings = bookings.annotate(first_visit=~Exists(_earlier(session))).select_related("member")
    rows = [
        Row(
            booking,
            how_paid(booking),
            vars(booking)["first_visit"],
            desk.was_sold_here(booking),
            list(booking.member.notes.all())[:LATEST],
        )
        for booking in bookings.prefetch_related("member__notes").order_by("member__name", "member__email")
    ]
    waiting = WaitlistEntry.objects.filter(WaitlistEntry.WAITING, session=session).count()
    begun = session.starts_at <= now and session.status == ClassSession.Status.SCHEDULED
    return Roster(session, rows, owed(session), waiting, begun)


def owed(session: ClassSession | None = None) -> list[Owed]:
    """The cash that the till owes: for one session, or altogether."""
    rows = desk.cash_owed().select_related("member", "session")
    if session is not None:
        rows = rows.filter(session=session)
    return [Owed(booking, written(booking.returned_amount, booking.currency)) for booking in rows]


def how_paid(booking: Booking) -> str:
    """How it is paid, in words; for a hold, until when it may be."""
    if booking.status == Booking.Status.PENDING and booking.expires_at is not None:
        until = f"{timezone.localtime(booking.expires_at):%H:%M}"
        return f"not paid: kept for them until {until}" if booking.is_offer else f"not paid: by card until {until}"
    if booking.paid_with in Booking.IN_MONEY:
        money = written(booking.amount, booking.currency)
        return f"{'Cash' if booking.paid_with == Booking.PaidWith.DESK else 'Card'}, {money}"
    if booking.paid_with == Booking.PaidWith.CREDITS:
        return "1 credit" if booking.credits_spent == 1 else f"{booking.credits_spent} credits"
    return "Free"


def found(words: str) -> QuerySet[Member]:
    """The members whose name, e-mail or phone has each of these words; a phone as people write it."""
    people: QuerySet[Member] = Member.objects.filter(is_active=True)
    digits = "".join(filter(str.isdigit, words)).lstrip("0")
    if digits and not any(map(str.isalpha, words)):
        return people.filter(phone__contains=digits).order_by("name", "email")
    for word in words.split()[:10]:
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
    return people.order_by("name", "email")


def extra_seats_left(session: ClassSession) -> int:
    return max(settings.WALK_IN_EXTRA_SEATS - session.extra_seats, 0)


def _earlier(session: ClassSession) -> QuerySet[Booking]:
    """The visits of a member before this one, as far as anybody knows: paid, and not missed."""
    visits = Booking.objects.filter(member=OuterRef("member"), status=Booking.Status.PAID, no_show_at=None)
    return visits.filter(session__starts_at__lt=session.starts_at, session__status=ClassSession.Status.SCHEDULED)
