"""What the studio tells of itself, and who wants to hear it where."""

from tests.journeys.people import CARD
from tests.journeys.told import Studio


def test_ida_is_reminded_then_hears_no_more_on_whatsapp_until_she_wants_to(studio: Studio) -> None:
    yoga, spin = studio.puts_on("Yoga", days=3), studio.puts_on("Spin", days=4)
    ida = studio.member("Ida", "+447700900131", whatsapp=True)
    ida.books(yoga, CARD)
    ida.pays()
    assert ida.hears().keys() == {"booking_paid"}
    second = ida.books(spin, CARD)
    ida.pays()
    assert ida.hears().keys() == {"booking_paid"}

    studio.later(days=2, hours=1)
    studio.runs("send_reminders", "deliver_messages")
    studio.runs("send_reminders", "deliver_messages")
    told = ida.hears()
    assert told.keys() == {"reminder"}
    assert "Yoga" in told["reminder"]
    studio.moves(yoga, days=1, hours=2)
    assert ida.hears().keys() == {"session_moved"}

    assert ida.writes("STOP") == ""
    studio.moves(yoga, days=1, hours=3)
    assert (ida.hears(), ida.reads().keys()) == ({}, {"session_moved"})
    studio.later(days=1)
    studio.runs("send_reminders", "deliver_messages")
    told = ida.reads()
    assert told.keys() == {"reminder"}
    assert "Spin" in told["reminder"]
    # Who has said STOP may still ask; what the studio has moved goes back in full.
    assert "15.00 GBP goes back to your card." in ida.writes("CANCEL")

    assert ida.writes("START").startswith("You will hear from us on WhatsApp again.")
    studio.moves(spin, days=2)
    assert (ida.hears().keys(), ida.reads()) == ({"session_moved"}, {})
    # So does this one now: the studio has moved it as well.
    assert "15.00 GBP goes back to your card." in ida.writes(f"CANCEL {second}")
    assert "15.00 GBP goes back to your card." in ida.writes("CONFIRM")
    studio.post_arrives()
    assert ida.hears().keys() == {"booking_cancelled", "refund_done"}
    assert (studio.seats_left(yoga), studio.seats_left(spin)) == (9, 10)
