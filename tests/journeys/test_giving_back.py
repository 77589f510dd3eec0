"""Somebody pays by card and cannot come after all."""

from icalendar import Calendar

from tests.cast import Caller, code
from tests.journeys.people import CARD
from tests.journeys.told import Studio


def test_ana_pays_by_card_and_cancels_in_time(studio: Studio) -> None:
    yoga = studio.puts_on("Yoga", days=3)
    ana = studio.member("Ana", "+447700900123", whatsapp=True)
    address = ana.caller.post("/api/booking/calendar/").json()["url"]
    hers = ana.books(yoga, CARD)
    assert (ana.status(hers), studio.seats_left(yoga)) == ("pending", 9)
    ana.pays()
    assert ana.bookings(upcoming="true") == [(hers, "paid")]
    assert ana.hears().keys() == {"booking_paid"}
    [event] = _feed(address)
    assert (event["summary"], event["status"]) == ("Yoga", "CONFIRMED")

    studio.later(days=1)
    said = ana.asks_what_returns(hers)
    assert (said["returns"], said["amount"], said["currency"]) == ("card", 1500, "gbp")
    assert ana.cancels(hers, said["quote"])["status"] == "cancelled"
    studio.post_arrives()
    told = ana.hears()
    assert told.keys() == {"booking_cancelled", "refund_done"}
    assert "15.00 GBP" in told["refund_done"]
    assert [refund["amount"] for refund in studio.sandbox.every("refunds")] == [1500]
    [cancelled] = _feed(address)
    assert (cancelled["uid"], cancelled["status"]) == (event["uid"], "CANCELLED")
    assert cancelled["sequence"] > event["sequence"]
    assert (studio.seats_left(yoga), ana.reads()) == (10, {})
    again = ana.caller.post(f"/api/booking/bookings/{hers}/cancel/", {"quote": said["quote"]})
    assert code(again) == "not_cancellable"


def test_a_promise_holds_although_the_window_closes_meanwhile(studio: Studio) -> None:
    yoga = studio.puts_on("Yoga", hours=24, minutes=5)
    ana = studio.member("Ana")
    hers = ana.books(yoga, CARD)
    ana.pays()
    said = ana.asks_what_returns(hers)
    studio.later(minutes=7)
    assert ana.asks_what_returns(hers)["returns"] == "nothing"
    ana.cancels(hers, said["quote"])
    studio.post_arrives()
    assert ana.reads().keys() == {"booking_paid", "booking_cancelled", "refund_done"}
    assert [refund["amount"] for refund in studio.sandbox.every("refunds")] == [1500]


def test_ben_cancels_late_and_his_seat_goes_to_who_waits(studio: Studio) -> None:
    spin = studio.puts_on("Spin", seats=1, days=2)
    ben, dan = studio.member("Ben"), studio.member("Dan")
    his = ben.books(spin, CARD)
    ben.pays()
    assert ben.reads().keys() == {"booking_paid"}
    refused = dan.tries(spin, CARD)
    assert (refused.status_code, code(refused)) == (409, "session_full")
    assert dan.waits_for(spin) == 1

    studio.later(hours=30)
    assert ben.asks_what_returns(his)["returns"] == "nothing"
    assert ben.cancels(his)["status"] == "cancelled"
    assert "Nothing is returned." in ben.reads()["booking_cancelled"]
    state, offer = dan.place()
    assert (state, studio.seats_left(spin)) == ("offered", 0)
    assert code(ben.tries(spin, CARD)) == "session_full"
    assert dan.reads().keys() == {"waitlist_offer"}
    assert dan.books(spin, CARD) == offer
    dan.pays()
    assert (dan.status(str(offer)), dan.place()[0]) == ("paid", "taken")
    assert dan.reads().keys() == {"booking_paid"}
    studio.runs("submit_refunds", "expire_pending_bookings")
    assert studio.sandbox.every("refunds") == []
    assert studio.paid(spin) == [offer]


def _feed(address: str) -> list[dict[str, object]]:
    """What a phone that knows the address and nothing else shows."""
    answer = Caller().get(address.removeprefix("http://localhost:8000"))
    assert answer.status_code == 200
    names = ("uid", "summary", "status", "sequence")
    return [{name: event[name] for name in names} for event in Calendar.from_ical(answer.content).walk("VEVENT")]
