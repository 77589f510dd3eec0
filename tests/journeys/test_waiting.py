"""A class is full, and there is a line for it."""

from tests.cast import code
from tests.journeys.people import CARD, CREDITS
from tests.journeys.told import Studio

LINK = "http://localhost:8000/?booking="


def test_cleo_lets_her_offer_lapse_and_dan_takes_it_with_a_word(studio: Studio) -> None:
    yoga = studio.puts_on("Yoga", seats=1, days=3)
    ben = studio.member("Ben")
    cleo = studio.member("Cleo", "+447700900125", whatsapp=True)
    dan = studio.member("Dan", "+447700900126", whatsapp=True)
    his = ben.books(yoga, CARD)
    ben.pays()
    assert (cleo.waits_for(yoga), dan.waits_for(yoga)) == (1, 2)
    studio.gives(dan, credits=1)
    assert dan.writes("YES") == "No seat is on offer for you at the moment."

    ben.cancels(his)
    assert cleo.hears().keys() == {"waitlist_offer"}
    assert (cleo.place()[0], dan.place()[0], dan.hears()) == ("offered", "waiting", {})
    studio.later(minutes=121)
    studio.runs("expire_pending_bookings")
    assert cleo.hears().keys() == {"offer_lapsed"}
    assert cleo.place()[0] == "lapsed"

    assert dan.hears().keys() == {"waitlist_offer"}
    assert cleo.writes("YES") == "No seat is on offer for you at the moment."
    assert dan.writes("Yes!").startswith("You are booked: Yoga, ")
    _, seat = dan.place()
    assert (studio.paid(yoga), dan.credits()) == ([seat], (0, []))
    assert dan.hears().keys() == {"booking_paid"}
    assert studio.seats_left(yoga) == 0


def test_gus_has_no_credits_and_pays_by_the_link(studio: Studio) -> None:
    yoga = studio.puts_on("Yoga", seats=1, days=3)
    ben, gus = studio.member("Ben"), studio.member("Gus", "+447700900127", whatsapp=True)
    his = ben.books(yoga, CARD)
    assert gus.waits_for(yoga) == 1
    # Ben never pays: his hold runs out.
    studio.later(minutes=31)
    studio.runs("expire_pending_bookings")
    assert ben.reads().keys() == {"hold_expired"}
    assert gus.hears().keys() == {"waitlist_offer"}

    answer = gus.writes("YES")
    assert LINK in answer
    reference = answer.split(LINK)[1]
    offered = gus.booking(reference)
    assert (offered["status"], offered["session"]) == ("pending", yoga)
    assert gus.books(offered["session"], CARD) == reference
    assert code(ben.tries(yoga, CARD)) == "session_full"
    assert gus.writes("yes").endswith(LINK + reference)
    gus.pays()
    assert (gus.status(reference), studio.paid(yoga)) == ("paid", [reference])
    assert gus.hears().keys() == {"booking_paid"}
    assert ben.status(his) == "freed"


def test_of_two_more_seats_both_who_wait_get_one(studio: Studio) -> None:
    yoga = studio.puts_on("Yoga", seats=1, days=3)
    ben, cleo, dan = (studio.member(name) for name in ("Ben", "Cleo", "Dan"))
    studio.gives(ben, credits=1)
    studio.gives(cleo, credits=1)
    ben.books(yoga, CREDITS)
    cleo.waits_for(yoga)
    dan.waits_for(yoga)
    assert studio.desk.patch(f"/api/booking/sessions/{yoga}/", {"capacity": 3}).status_code == 200
    assert (cleo.place()[0], dan.place()[0], studio.seats_left(yoga)) == ("offered", "offered", 0)
    cleo.books(yoga, CREDITS)
    # Dan leaves instead: nobody waits, and the seat is free for all.
    assert dan.caller.send("DELETE", f"/api/booking/sessions/{yoga}/waitlist/").status_code == 204
    assert studio.seats_left(yoga) == 1
    assert cleo.reads().keys() == {"waitlist_offer", "booking_paid"}
    assert dan.reads().keys() == {"waitlist_offer"}
