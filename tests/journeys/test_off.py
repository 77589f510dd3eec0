"""The studio cancels a class that all kinds of people were coming to."""

from tests.cast import code
from tests.journeys.people import CARD, CREDITS
from tests.journeys.told import Studio


def test_a_class_is_off_and_everybody_gets_everything_back(studio: Studio) -> None:
    five_days = studio.sells("Two in five days", credits=2, amount=2400, valid_days=5)
    yoga = studio.puts_on("Yoga", seats=5, days=4)
    ana, ben, cleo, dan, eve, fay, gus = (
        studio.member(name, f"+44770090013{number}", whatsapp=True)
        for number, name in enumerate(("Ana", "Ben", "Cleo", "Dan", "Eve", "Fay", "Gus"))
    )
    by_card = ana.books(yoga, CARD)
    ana.pays()
    studio.gives(ben, credits=1)
    by_credit = ben.books(yoga, CREDITS)
    cleo.buys(five_days)
    cleo.pays()
    by_pack = cleo.books(yoga, CREDITS)
    studio.moves(yoga, days=9)
    studio.later(days=6)
    assert cleo.credits() == (0, [])
    given_back = dan.books(yoga, CARD)
    unpaid = eve.books(yoga, CARD)
    assert (fay.waits_for(yoga), gus.waits_for(yoga), studio.seats_left(yoga)) == (1, 2, 0)
    # Ana has asked, and not confirmed yet.
    assert "15.00 GBP goes back to your card." in ana.writes("CANCEL")
    dan.cancels(given_back)
    _, on_offer = fay.place()
    # Eve's card goes through, and the news of it is late.
    studio.sandbox.pays(eve.intent)

    ends = studio.cancels(yoga)
    assert ends == {
        by_card: ("card", 1500, 0),
        by_credit: ("credits", 0, 1),
        by_pack: ("credits", 0, 1),
        unpaid: ("card", 1500, 0),
        on_offer: ("nothing", 0, 0),
    }
    assert studio.cancels(yoga) == ends
    assert "15.00 GBP goes back to your card." in ana.writes("CONFIRM")
    assert code(gus.tries(yoga, CARD)) == "session_closed"
    assert fay.writes("YES") == "No seat is on offer for you at the moment."
    studio.post_arrives()
    studio.runs("submit_refunds", "expire_pending_bookings", "send_reminders", "deliver_messages")
    studio.post_arrives()
    assert sorted(refund["amount"] for refund in studio.sandbox.every("refunds")) == [1500, 1500]
    assert (ben.credits(), cleo.credits()) == ((1, [(1, "grant")]), (1, [(1, "grace")]))
    assert studio.paid(yoga) == []
    assert gus.place()[0] == "left"
    told = {person.name: set(person.hears()) for person in (ana, ben, cleo, dan, eve, fay, gus)}
    off, moved = "session_cancelled", "session_moved"
    assert told == {
        "Ana": {"booking_paid", moved, off, "refund_done"},
        "Ben": {"booking_paid", moved, off},
        "Cleo": {"pack_paid", "booking_paid", moved, off},
        "Dan": set(),
        "Eve": {off, "refund_done"},
        "Fay": {"waitlist_offer", off},
        "Gus": {off},
    }
