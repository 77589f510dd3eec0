"""Fill rate and revenue are what plain Python counts, in made-up studios of any zone."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st

from booking.models import Booking, ClassSession
from payments.models import Payment, Refund
from tests.booking.past import booked, booked_by_card, bought, charged, class_at, figures, kind, returned

ZONES = ("Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago", "UTC")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Around both changes of the clocks, wherever the studio is, and in the midst of a year.
MOMENTS = st.builds(
    lambda day, minutes: datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from([date(2025, 3, 30), date(2025, 4, 6), date(2025, 9, 7), date(2025, 10, 26), date(2025, 11, 2)]),
    st.integers(-3 * 1440, 3 * 1440),
)
CLASSES = st.fixed_dictionaries(
    {
        "starts_at": MOMENTS,
        "capacity": st.integers(6, 9),
        "status": st.sampled_from(["scheduled", "scheduled", "cancelled"]),
        "currency": st.sampled_from(["gbp", "jpy"]),
    }
)
SEATS = st.lists(st.sampled_from(["credits", "card", "free", "pending", "freed"]), max_size=5)
SPANS = st.tuples(st.dates(date(2025, 3, 26), date(2025, 11, 4)), st.sampled_from([0, 1, 6, 34, 60, 200, 1200]))


class Undone(Exception):
    """Ends an example, and takes its rows back."""


@options(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    classes=st.lists(st.tuples(CLASSES, SEATS, st.booleans()), max_size=5),
    money=st.lists(st.tuples(MOMENTS, st.integers(1, 9999), st.sampled_from(["gbp", "jpy", "pack"])), max_size=5),
    zone=st.sampled_from(ZONES),
    span=SPANS,
    one_kind=st.booleans(),
)
def test_reports_are_what_plain_python_counts(
    desk: Client, settings: Any, classes: Any, money: Any, zone: str, span: tuple[date, int], one_kind: bool
) -> None:
    settings.STUDIO_TIME_ZONE = zone
    first, last = span[0], span[0] + timedelta(days=span[1])
    try:
        with transaction.atomic():
            yoga = kind("Yoga")
            for fields, seats, typed in classes:
                happens(fields | {"session_type": yoga if typed else None}, seats)
            for number, (at, amount, what) in enumerate(money):
                pays(number, at, amount, what)
            asked = {"from": str(first), "to": str(last)} | ({"type": str(yoga.pk)} if one_kind else {})
            kinds = [yoga.pk] if one_kind else [yoga.pk, None]
            whole = ZoneInfo(zone), first, last, kinds
            assert seats_told(desk, asked) == seats_counted(*whole)
            assert money_told(desk, asked) == money_counted(*whole)
            raise Undone
    except Undone:
        pass


def happens(fields: dict[str, Any], seats: list[str]) -> None:
    one = class_at(fields.pop("starts_at"), **fields)
    for seat in seats:
        if seat == "card":
            booking = booked_by_card(one, 777, one.starts_at - timedelta(hours=5))
            assert booking.payment is not None
            returned(booking.payment, 33, one.starts_at + timedelta(hours=30))
        elif seat in ("pending", "freed"):
            booked(one, seat)
        else:
            booked(one, paid_with=seat)


def pays(number: int, at: datetime, amount: int, what: str) -> None:
    if what == "pack":
        bought(amount, 3, at, remaining=2, expires_at=None)
    else:
        returned(charged(f"booking:{number}", amount, at, what), max(amount // 2, 1), at + timedelta(hours=20))


def seats_told(desk: Client, asked: dict[str, str]) -> dict[tuple[str, str], tuple[int, int]]:
    rows = figures(desk, "fill/fill", **asked)
    return {(row["weekday"], row["hour"]): (int(row["seats taken"]), int(row["seats"])) for row in rows}


def seats_counted(zone: ZoneInfo, first: date, last: date, kinds: list[Any]) -> dict[tuple[str, str], tuple[int, int]]:
    seats: Counter[tuple[str, str]] = Counter()
    taken: Counter[tuple[str, str]] = Counter()
    for one in ClassSession.objects.all():
        at = one.starts_at.astimezone(zone)
        if one.status != "scheduled" or not first <= at.date() <= last or one.session_type_id not in kinds:
            continue
        slot = DAYS[at.weekday()], f"{at.hour:02}:00"
        seats[slot] += one.capacity
        taken[slot] += sum(booking.status == "paid" for booking in Booking.objects.filter(session=one))
    return {slot: (taken[slot], seats[slot]) for slot in seats}


def money_told(desk: Client, asked: dict[str, str]) -> dict[tuple[str, str], int]:
    """By currency and way, in minor units; what is nothing is left out."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in figures(desk, "revenue/revenue", **asked):
        for way in ("bookings by card", "packs", "at the desk", "refunds"):
            sums[row["currency"], way] += int(Decimal(row[way]) * (1 if row["currency"] == "JPY" else 100))
    return {key: value for key, value in sums.items() if value}


def money_counted(zone: ZoneInfo, first: date, last: date, kinds: list[Any]) -> dict[tuple[str, str], int]:
    def counts(row: Payment | Refund, payment: Payment) -> bool:
        assert row.ended_at is not None
        booking = Booking.objects.filter(payment=payment).first()
        kind_of = booking.session.session_type_id if booking else None
        return first <= row.ended_at.astimezone(zone).date() <= last and (len(kinds) == 2 or kind_of in kinds)

    sums: dict[tuple[str, str], int] = defaultdict(int)
    for payment in Payment.objects.filter(status="paid"):
        way = "packs" if payment.subject.startswith("purchase:") else "bookings by card"
        sums[payment.currency.upper(), way] += payment.amount_received if counts(payment, payment) else 0
    for refund in Refund.objects.filter(status="succeeded"):
        sums[refund.currency.upper(), "refunds"] += refund.amount if counts(refund, refund.payment) else 0
    return {key: value for key, value in sums.items() if value}
