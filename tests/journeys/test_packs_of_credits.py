"""Credits are bought in packs, spent, given back, and do not live for ever."""

from tests.cast import code
from tests.journeys.people import CREDITS
from tests.journeys.told import Studio


def test_eve_cancels_after_her_pack_expired_and_has_two_weeks_of_grace(studio: Studio) -> None:
    five_days = studio.sells("Two in five days", credits=2, amount=2400, valid_days=5)
    yoga, spin = studio.puts_on("Yoga", days=4), studio.puts_on("Spin", days=10)
    eve = studio.member("Eve", "+447700900128", whatsapp=True)
    bought = eve.buys(five_days)
    assert eve.credits() == (0, [])
    eve.pays()
    assert eve.credits() == (2, [(2, "pack")])
    assert eve.hears().keys() == {"pack_paid"}
    hers = eve.books(yoga, CREDITS)
    assert (eve.status(hers), eve.credits()) == ("paid", (1, [(1, "pack")]))
    # A class after the last day of the pack is not for its credits.
    assert code(eve.tries(spin, CREDITS)) == "insufficient_credits"
    assert code(studio.takes_back(bought)) == "pack_used"

    studio.moves(yoga, days=9)
    studio.later(days=6)
    assert eve.credits() == (0, [])
    said = eve.asks_what_returns(hers)
    assert (said["returns"], said["credits"], said["amount"]) == ("credits", 1, 0)
    eve.cancels(hers, said["quote"])
    assert eve.credits() == (1, [(1, "grace")])
    told = eve.hears()
    assert told.keys() == {"booking_paid", "session_moved", "booking_cancelled"}
    assert "1 credit is yours again." in told["booking_cancelled"]

    again = eve.books(spin, CREDITS)
    assert (eve.status(again), eve.credits()) == ("paid", (0, []))
    assert studio.paid(spin) == [again]
    assert (studio.seats_left(yoga), studio.seats_left(spin)) == (10, 9)


def test_an_unused_pack_is_taken_back_by_the_desk(studio: Studio) -> None:
    five = studio.sells("Five classes", credits=5, amount=5500, valid_days=90)
    yoga = studio.puts_on("Yoga", days=4)
    hugo = studio.member("Hugo")
    bought = hugo.buys(five)
    hugo.pays()
    hers = hugo.books(yoga, CREDITS)
    assert code(studio.takes_back(bought)) == "pack_used"
    hugo.cancels(hers)
    assert hugo.credits() == (5, [(5, "pack")])

    answer = studio.takes_back(bought)
    assert (answer.status_code, answer.json()["status"]) == (200, "refunded")
    assert hugo.credits() == (0, [])
    assert code(hugo.tries(yoga, CREDITS)) == "insufficient_credits"
    studio.runs("submit_refunds")
    studio.post_arrives()
    assert [refund["amount"] for refund in studio.sandbox.every("refunds")] == [5500]
    told = hugo.reads()
    assert told.keys() == {"pack_paid", "booking_paid", "booking_cancelled", "refund_done"}
    assert "55.00 GBP" in told["refund_done"]
    assert code(studio.takes_back(bought)) == "not_refundable"
