"""Somebody takes their data and goes, in the middle of things."""

from tests.cast import Caller
from tests.journeys.people import CARD, CREDITS
from tests.journeys.told import Studio


def test_fay_erases_herself_while_her_card_is_being_charged(studio: Studio) -> None:
    yoga, spin = studio.puts_on("Yoga", days=3), studio.puts_on("Spin", seats=1, days=3)
    ben, fay = studio.member("Ben"), studio.member("Fay", "+447700900129", whatsapp=True)
    address = fay.caller.post("/api/booking/calendar/").json()["url"].removeprefix("http://localhost:8000")
    bens = ben.books(spin, CARD)
    fay.waits_for(spin)
    hers = fay.books(yoga, CARD)
    assert fay.writes("Hello").startswith("Write ")
    export = fay.caller.get("/api/members/me/export/")
    assert (export.status_code, export["Cache-Control"]) == (200, "no-store")
    [booking] = export.json()["bookings"]
    assert (booking["reference"], booking["status"]) == (hers, "pending")
    assert [place["session"] for place in export.json()["waitlist"]] == [spin]

    studio.rests()
    assert fay.caller.send("DELETE", "/api/members/me/").status_code == 204
    assert fay.caller.get("/api/members/me/").status_code == 401
    assert Caller().get(address).status_code == 404
    assert studio.seats_left(yoga) == 9
    fay.pays()
    assert (studio.paid(yoga), studio.seats_left(yoga)) == ([hers], 9)
    assert studio.sandbox.intent(fay.intent)["status"] == "succeeded"

    # Nobody offers her a seat any more, and nothing is told to who she was.
    ben.cancels(bens)
    assert studio.seats_left(spin) == 1
    studio.runs("send_reminders", "deliver_messages", "expire_pending_bookings", "submit_refunds")
    assert (fay.hears(), fay.reads()) == ({}, {})
    assert fay.writes("YES").startswith("This number belongs to no member of ours.")
    assert studio.desk.get("/api/members/", search="Fay").json()["results"] == []

    # The class she left behind is the studio's to cancel: her card gets its money.
    assert studio.cancels(yoga) == {hers: ("card", 1500, 0)}
    studio.post_arrives()
    assert [refund["amount"] for refund in studio.sandbox.every("refunds")] == [1500]
    assert (fay.hears(), fay.reads()) == ({}, {})


def test_fay_erases_herself_and_never_pays(studio: Studio) -> None:
    yoga = studio.puts_on("Yoga", seats=1, days=3)
    fay, dan = studio.member("Fay"), studio.member("Dan")
    hers = fay.books(yoga, CARD)
    dan.waits_for(yoga)
    assert fay.caller.send("DELETE", "/api/members/me/").status_code == 204
    studio.later(minutes=31)
    studio.runs("expire_pending_bookings")
    assert studio.sandbox.intent(fay.intent)["status"] == "canceled"
    assert dan.place()[0] == "offered"
    assert dan.books(yoga, CARD) != hers
    dan.pays()
    assert len(studio.paid(yoga)) == 1
    assert fay.reads() == {}


def test_fay_erases_herself_before_her_pack_is_paid(studio: Studio) -> None:
    five = studio.sells("Five classes", credits=5, amount=5500, valid_days=90)
    yoga = studio.puts_on("Yoga", seats=1, days=3)
    ben, fay, dan = studio.member("Ben"), studio.member("Fay"), studio.member("Dan")
    studio.gives(ben, credits=1)
    bens = ben.books(yoga, CREDITS)
    assert (fay.waits_for(yoga), dan.waits_for(yoga)) == (1, 2)
    bought = fay.buys(five)
    ben.cancels(bens)
    assert fay.reads().keys() == {"waitlist_offer"}
    assert fay.caller.send("DELETE", "/api/members/me/").status_code == 204
    fay.pays()
    assert studio.desk.get(f"/api/payments/purchases/{bought}/").json()["status"] == "paid"
    # The seat that was on offer to her goes to the next, the pack back to the desk and the money to her card.
    studio.later(minutes=121)
    studio.runs("expire_pending_bookings")
    assert (dan.place()[0], studio.seats_left(yoga)) == ("offered", 0)
    assert studio.takes_back(bought).json()["status"] == "refunded"
    studio.runs("submit_refunds", "deliver_messages")
    studio.post_arrives()
    assert [refund["amount"] for refund in studio.sandbox.every("refunds")] == [5500]
    assert fay.reads() == {}
