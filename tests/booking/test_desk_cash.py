"""Cash that was taken at the desk comes back at the desk: as much as the terms say, and once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from notifications.models import Message
from notifications.templates import preview
from payments.models import Refund
from tests.booking.door import Door, log
from tests.cast import Caller, give_credits, session

BOOKINGS = "/api/booking/bookings/"


@pytest.fixture
def sold(door: Door, ana: Member) -> Booking:
    """Ana has paid 15 pounds at the desk for a class in two days."""
    return door.sold(session(), ana)


def quote(caller: Caller, booking: Booking) -> Any:
    return caller.get(f"{BOOKINGS}{booking.reference}/cancellation/").json()


def cancelled(caller: Caller, booking: Booking, **body: str) -> Booking:
    answer = caller.post(f"{BOOKINGS}{booking.reference}/cancel/", body)
    assert answer.status_code == 200, answer.content
    return Booking.objects.get(pk=booking.pk)


def told() -> str:
    message = Message.objects.exclude(kind="booking_paid").get()
    return preview(message.kind, message.variables)


def hand_back(door: Door, booking: Booking) -> Any:
    return door.http.post("/admin/desk/", {"act": "hand_back", "booking": booking.reference})


@pytest.mark.parametrize(
    ("tiers", "returned"),
    [("24:100", 1500), ("24:50", 750), ("24:50:200", 550), ("72:100", 0)],
    ids=["all of it", "half", "half less a fee", "too late"],
)
def test_what_comes_back_follows_the_terms_and_is_owed_at_the_desk(
    sold: Booking, as_ana: Caller, settings: Any, tiers: str, returned: int
) -> None:
    settings.CANCELLATION_TIERS = [tuple(int(part) for part in f"{tiers}:0".split(":")[:3])]
    offered = quote(as_ana, sold)
    assert (offered["returns"], offered["amount"]) == ("desk" if returned else "nothing", returned)
    booking = cancelled(as_ana, sold, quote=offered["quote"])
    assert (booking.returned_amount, Refund.objects.count()) == (returned, 0)
    sentence = f"{returned / 100:.2f} GBP is returned to you at the studio." if returned else "Nothing is returned."
    assert told().endswith(sentence)


def test_cash_is_handed_back_once_and_stands_on_the_desk_until_then(door: Door, sold: Booking, as_ana: Caller) -> None:
    assert "Cash to hand back" not in door.reads()
    cancelled(as_ana, sold)
    for path in ("", f"{sold.session_id}/"):
        assert "Handed back 15.00 GBP" in door.reads(path)
    assert door.told(hand_back(door, sold)) == [f"15.00 GBP handed back to Ana, for {sold.reference}."]
    first = Booking.objects.get().cash_returned_at
    again = door.presses(sold.session, "hand_back", sold.reference)
    assert "handed back already" in door.told(again)[0]
    assert Booking.objects.get().cash_returned_at == first is not None
    assert log()[1:] == [("hand_back_cash", sold.subject)]
    line = StaffAct.objects.get(act="hand_back_cash")
    assert (line.before["cash_returned_at"], line.after["amount"]) == (None, 1500)
    assert "Cash to hand back" not in door.reads()


def test_nothing_is_handed_back_that_is_not_owed(
    door: Door, sold: Booking, ana: Member, as_ana: Caller, ben: Member, as_ben: Caller
) -> None:
    give_credits(ben, 1)
    by_credits = door.sold(sold.session, ben, "credits")
    for booking in (sold, by_credits):
        assert "No cash is owed" in door.told(hand_back(door, booking))[-1]
    cancelled(as_ben, by_credits)
    assert "No cash is owed" in door.told(hand_back(door, by_credits))[-1]
    assert Booking.objects.filter(cash_returned_at=None).count() == 2


def test_a_session_that_the_studio_cancels_returns_all_of_it_at_the_desk(
    door: Door, ana: Member, as_carla: Caller
) -> None:
    late = session(starts_at=timezone.now() + timedelta(hours=1))
    booking = door.sold(late, ana)
    door.member.is_superuser = True
    door.member.save()
    [row] = as_carla.post(f"/api/booking/sessions/{late.pk}/cancel/").json()["bookings"]
    assert (row["returns"], row["amount"], row["done"]) == ("desk", 1500, True)
    assert told().endswith("15.00 GBP is returned to you at the studio.")
    assert "Handed back 15.00 GBP" in door.reads()
    assert booking.reference in door.reads()


def test_a_member_reads_in_the_export_that_it_was_cash(sold: Booking, as_ana: Caller) -> None:
    cancelled(as_ana, sold)
    [told] = as_ana.get("/api/members/me/export/").json()["bookings"]
    assert (told["paid_with"], told["returned_amount"], told["cash_returned_at"]) == ("desk", 1500, None)


def test_nobody_takes_cash_from_themselves(as_ana: Caller, door: Door) -> None:
    answer = as_ana.book(session(), "desk")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid")
    assert ClassSession.objects.get().seats_taken == 0


def take_back(door: Door, booking: Booking, why: str = "wrong Ana") -> list[str]:
    sent = {"act": "take_back", "booking": booking.reference, "reason": why}
    return door.told(door.http.post(f"/admin/desk/{booking.session_id}/", sent))


@pytest.mark.parametrize("pay_with", ["desk", "credits"])
def test_a_sale_that_was_a_mistake_is_taken_back_also_when_it_is_too_late_to_cancel(
    door: Door, ana: Member, pay_with: str
) -> None:
    give_credits(ana, 1)
    soon = session(starts_at=timezone.now() + timedelta(minutes=5))
    booking = door.sold(soon, ana, pay_with, here="on")
    assert "Sold by mistake?" in door.reads(f"{soon.pk}/")
    assert "Ana: Say why it is taken back." in take_back(door, booking, " ")
    assert not [text for text in take_back(door, booking) if "Say why" not in text and "booked" not in text]
    booking.refresh_from_db()
    assert (booking.status, booking.ended_reason, booking.checked_in_at) == ("cancelled", "staff", None)
    assert (booking.returned_amount, booking.returned_credits) == ((1500, 0) if pay_with == "desk" else (0, 1))
    assert ("Cash to hand back" in door.reads()) == (pay_with == "desk")
    assert "cannot be cancelled" in take_back(door, booking)[-1]
    [line] = StaffAct.objects.filter(act="take_back")
    assert (line.reason, line.before["status"], line.after["status"]) == ("wrong Ana", "paid", "cancelled")
    soon.refresh_from_db()
    assert soon.seats_taken == 0


def test_only_what_the_desk_sold_is_taken_back(
    door: Door, ana: Member, as_ana: Caller, sold: Booking, ben: Member, as_ben: Caller
) -> None:
    give_credits(ben, 1)
    themselves = Booking.objects.get(reference=as_ben.book(sold.session).json()["reference"])
    assert door.reads(f"{sold.session_id}/").count("Sold by mistake?") == 1
    assert "cannot be cancelled" in take_back(door, themselves)[-1]
    ClassSession.objects.update(starts_at=timezone.now())
    door.presses(sold.session, "no_show", sold.reference)
    assert "cannot be cancelled" in take_back(door, sold)[-1]
    assert Booking.objects.filter(status="paid").count() == 2
