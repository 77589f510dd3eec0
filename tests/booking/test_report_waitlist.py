"""What became of places in line."""

from datetime import timedelta

from django.test import Client

from booking.models import Booking, ClassSession, WaitlistEntry
from tests.booking.past import PAGE, ago, booked, booked_by_card, class_at, figures, kind, somebody


def waited(one: ClassSession, offer: Booking | None = None, *, left: bool = False) -> None:
    joined = {"member": offer.member if offer else somebody(), "joined_at": ago(days=5)}
    WaitlistEntry.objects.create(session=one, offer=offer, left_at=ago(days=1) if left else None, **joined)


def places(desk: Client, **query: str) -> dict[str, tuple[str, str]]:
    rows = figures(desk, "waitlist/waitlist", **query)
    return {row["what"]: (row["places"], row["percent of joined"]) for row in rows}


def test_every_place_in_line_is_told_once_by_what_became_of_it(desk: Client) -> None:
    past, coming = class_at(ago(hours=30)), class_at(ago(days=-1))
    off = class_at(ago(days=-2), status="cancelled")
    waited(past, booked(past, paid_with="credits"))
    waited(past, booked_by_card(past, 1500, ago(days=3)))
    waited(past, booked(past, "cancelled", "credits", paid_at=ago(days=3)))
    waited(past, booked(past, "freed", ended_reason="offer_lapsed"))
    waited(past, booked(past, "freed", ended_reason="expired"))
    waited(past, booked(past, "freed", ended_reason="member"))
    waited(coming, booked(coming, "pending"))
    waited(past)
    waited(past)
    waited(coming)
    waited(coming, left=True)
    waited(off, left=True)
    found = places(desk)
    assert found.pop("joined") == ("12", "100.0")
    assert found.pop("offered a seat") == ("7", "58.3")
    assert {what: count for what, (count, _) in found.items()} == {
        "taken": "3",
        "lapsed": "2",
        "given up": "1",
        "offered now": "1",
        "left the line": "1",
        "session called off": "1",
        "never offered": "2",
        "waiting now": "1",
    }
    assert "3 of 7 offers were taken, 42.9 %." in desk.get(PAGE).content.decode()


def test_a_place_counts_on_the_day_it_was_joined_and_for_its_kind_of_session(desk: Client) -> None:
    yoga = kind("Yoga")
    waited(class_at(ago(days=-1), session_type=yoga))
    waited(class_at(ago(days=-1)))
    joined = (ago(days=5)).date()
    assert places(desk, type=str(yoga.pk))["joined"] == ("1", "100.0")
    before, after = str(joined - timedelta(days=9)), str(joined - timedelta(days=2))
    assert places(desk, **{"from": before, "to": after}) == {}
