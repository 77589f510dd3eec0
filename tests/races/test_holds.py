"""One member who holds more seats at one instant than a member may."""

import pytest

from booking.models import Booking
from tests.cast import Caller, Sandbox, seats_match, session
from tests.races.clients import at_once, book, tally
from tests.races.server import Server
from tests.races.sizes import CLIENTS

pytestmark = pytest.mark.load

MOST = 3


def test_many_sessions_by_card_at_once_are_three_holds(server: Server, as_ana: Caller, sandbox: Sandbox) -> None:
    answers = at_once(server.base, [book(as_ana, session(), "card") for _ in range(CLIENTS)])
    assert tally(answers) == {(201, ""): MOST, (409, "too_many_holds"): CLIENTS - MOST}
    assert Booking.objects.filter(status="pending").count() == Booking.objects.count() == MOST
    assert len(sandbox.intents()) == MOST
    assert seats_match()


def test_without_the_lock_on_the_member_there_are_more(unguarded: Server, as_ana: Caller, sandbox: Sandbox) -> None:
    answers = at_once(unguarded.base, [book(as_ana, session(), "card").without("holds") for _ in range(10)])
    assert tally(answers)[201, ""] == Booking.objects.filter(status="pending").count() > MOST
