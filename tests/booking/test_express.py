"""A booking with credits writes the same rows, whether it goes through in one statement or step by step."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.models import Booking, BookingTransition
from members.models import Member
from notifications.models import Message
from payments.models import CreditEntry, CreditLot, CreditSpend
from tests.cast import Caller, give_credits, seats_match, session

# Each booking has its own, and what the background has done with a message is no part of the booking.
OWN = {"id", "reference", "subject", "member", "credit_spend", "booking", "spend", "lot", "variables"}
SINCE = {"status", "reason", "attempts", "claimed_at", "ended_at", "email_due_at", "emailed_at", "email_reason"}


def told(row: Any) -> dict[str, Any]:
    """A row without its own names; of its moments whether they are there."""
    names = {field.name for field in row._meta.concrete_fields} - OWN - (SINCE if isinstance(row, Message) else set())
    values = {name: getattr(row, name) for name in names}
    moments = {name for name in names if name == "at" or name.endswith("_at")}
    return {name: value is not None if name in moments else value for name, value in values.items()}


def left_by(member: Member, reference: str) -> list[dict[str, Any]]:
    """The rows of one booking."""
    booking = Booking.objects.get(reference=reference)
    rows = [
        booking,
        *BookingTransition.objects.filter(booking=booking),
        *CreditSpend.objects.filter(member=member),
        *Message.objects.filter(member=member),
    ]
    return [told(row) for row in rows]


def test_both_ways_write_the_same(as_ana: Caller, ana: Member, ben: Member) -> None:
    """One lot is enough for Ana, who goes the short way where there is one; Ben has to take from two."""
    one = session(credits_required=2)
    give_credits(ana, 2)
    give_credits(ben, 1)
    give_credits(ben, 1)
    hers, his = as_ana.book(one, "credits", key="hers").json(), Caller(ben).book(one, "credits", key="his").json()
    own = {"reference", "created_at", "paid_at"}
    assert {name: hers[name] for name in hers if name not in own} == {
        name: his[name] for name in his if name not in own
    }
    mine, other = left_by(ana, hers["reference"]), left_by(ben, his["reference"])
    for row in (mine[0], other[0]):
        row.pop("idempotency_key")
    assert mine == other
    assert [len(message.variables) for message in Message.objects.order_by("created_at")] == [4, 4]
    assert list(CreditEntry.objects.filter(kind="spent").order_by("id").values_list("credits", flat=True)) == [
        -2,
        -1,
        -1,
    ]
    assert not CreditLot.objects.exclude(remaining=0).exists()
    assert seats_match()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite cannot write in the parts of a statement")
def test_a_plain_booking_takes_few_statements(as_ana: Caller, ana: Member) -> None:
    """Who asks, what for, and the booking."""
    one = session()
    give_credits(ana, 1)
    with CaptureQueriesContext(connection) as asked:
        assert as_ana.book(one).status_code == 201
    assert len(asked) == 3, [query["sql"][:60] for query in asked]


def test_the_lot_that_expires_first_pays_and_one_of_another_time_does_not(as_ana: Caller, ana: Member) -> None:
    one = session()
    give_credits(ana, 5)
    give_credits(ana, 5, expires_at=one.starts_at)
    give_credits(ana, 5, expires_at=one.ends_at)
    assert as_ana.book(one, "credits").status_code == 201
    assert list(CreditLot.objects.order_by("id").values_list("remaining", flat=True)) == [5, 5, 4]
