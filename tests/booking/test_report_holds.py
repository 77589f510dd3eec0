"""Holds that were paid against holds that ran out, and what another length would have meant."""

from datetime import timedelta

from django.test import Client

from booking.models import ClassSession, WaitlistEntry
from tests.booking.past import (
    PAGE,
    booked,
    booked_by_card,
    charged,
    class_at,
    figures,
    kind,
    never_paid,
    returned,
    somebody,
    wall,
)

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
MADE = wall("2026-03-02 09:00")


def paid_after(one: ClassSession, *seconds: int) -> None:
    for number in seconds:
        booked_by_card(one, 1500, MADE, took=timedelta(seconds=number))


def big() -> ClassSession:
    return class_at(wall("2026-03-20 18:00"), capacity=100)


def test_what_became_of_holds_is_counted(desk: Client) -> None:
    one = big()
    paid_after(one, 20, 100)
    booked_by_card(one, 1500, MADE, status="cancelled")
    never_paid(one, MADE, after=timedelta(minutes=30))
    never_paid(one, MADE, after=timedelta(minutes=33))
    for reason in ("member", "payment_failed", "payment_rejected", "payment_canceled", "session_cancelled"):
        never_paid(one, MADE, after=timedelta(minutes=3), reason=reason)
    booked(one, "pending", payment=charged("booking:open", 1500, MADE, status="open", amount_received=0))
    # None of these is a card hold of that time.
    booked(one, paid_with="credits", created_at=MADE)
    booked(one, created_at=MADE)
    booked(one, "freed", created_at=MADE, ended_at=MADE, ended_reason="offer_lapsed")
    never_paid(one, wall("2026-02-28 23:59"), after=timedelta(minutes=30))
    rows = figures(desk, "holds/outcomes", **MARCH)
    assert [tuple(row.values()) for row in rows] == [
        ("paid", "3", "27.3"),
        ("expired", "2", "18.2"),
        ("given up", "1", "9.1"),
        ("failed", "3", "27.3"),
        ("other", "1", "9.1"),
        ("open", "1", "9.1"),
    ]
    assert "the holds that ran out did block 63." in desk.get(PAGE, MARCH).content.decode()


def test_how_long_paying_took_is_told_in_minutes(desk: Client) -> None:
    paid_after(big(), 0, 60, 61, 180, 300, 301, 3600, 3601, 86_400)
    rows = figures(desk, "holds/times", **MARCH)
    counts = {row["up to minutes"]: row["paid holds"] for row in rows}
    assert counts == {
        "1": "2",
        "2": "1",
        "3": "1",
        "5": "1",
        "10": "1",
        "15": "0",
        "20": "0",
        "30": "0",
        "45": "0",
        "60": "1",
        "more": "2",
    }


def test_each_length_says_what_it_would_have_lost_and_blocked(desk: Client) -> None:
    one = big()
    paid_after(one, *[200] * 5, 300, 301, 900, 1200, 1201)
    for _ in range(3):
        never_paid(one, MADE, after=timedelta(minutes=30))
    rows = figures(desk, "holds/lengths", **MARCH)
    assert [tuple(row.values()) for row in rows] == [
        ("5", "4", "40.0", str((3 + 4) * 5)),
        ("10", "3", "30.0", str((3 + 3) * 10)),
        ("15", "2", "20.0", str((3 + 2) * 15)),
        ("20", "1", "10.0", str((3 + 1) * 20)),
        ("30", "0", "0.0", str(3 * 30)),
        ("45", "0", "0.0", str(3 * 45)),
        ("60", "0", "0.0", str(3 * 60)),
    ]
    text = desk.get(PAGE, MARCH).content.decode()
    assert "Of these lengths 30 minutes is the shortest that would have lost no more than 1 % of the 10 paid" in text
    assert "with at most 90 seat-minutes blocked" in text
    paid_after(one, *[4000] * 5)
    text = desk.get(PAGE, MARCH).content.decode()
    assert "Each of these lengths would have lost more than 1 % of the 15 paid holds." in text


def test_an_offer_of_the_waitlist_is_no_hold(desk: Client) -> None:
    one = big()
    paid_after(one, 20)
    offer = booked_by_card(one, 1500, MADE, took=timedelta(minutes=90))
    WaitlistEntry.objects.create(member=offer.member, session=one, joined_at=MADE, offer=offer)
    lapsed = never_paid(one, MADE, after=timedelta(minutes=120))
    WaitlistEntry.objects.create(member=somebody(), session=one, joined_at=MADE, offer=lapsed)
    rows = {row["outcome"]: row["holds"] for row in figures(desk, "holds/outcomes", **MARCH)}
    assert (rows["paid"], rows["expired"]) == ("1", "0")
    [row] = [row for row in figures(desk, "holds/lengths", **MARCH) if row["minutes"] == "5"]
    assert row["seat-minutes blocked at most"] == "0"


def test_a_payment_that_came_too_late_and_went_back_left_the_hold_expired(desk: Client) -> None:
    one = big()
    hold = never_paid(one, MADE, after=timedelta(minutes=30))
    assert hold.payment is not None
    hold.payment.status, hold.payment.amount_received = "paid", 1500
    hold.payment.save()
    returned(hold.payment, 1500, MADE + timedelta(hours=1))
    rows = {row["outcome"]: row["holds"] for row in figures(desk, "holds/outcomes", **MARCH)}
    assert (rows["paid"], rows["expired"]) == ("0", "1")


def test_holds_of_one_kind_of_session_are_told_apart(desk: Client) -> None:
    yoga = kind("Yoga")
    paid_after(big(), 20, 20)
    paid_after(class_at(wall("2026-03-20 18:00"), session_type=yoga), 20)
    rows = figures(desk, "holds/outcomes", type=str(yoga.pk), **MARCH)
    assert rows[0]["holds"] == "1"
