"""One member who spends the same credits everywhere at one instant."""

import pytest

from booking.models import Booking
from members.models import Member
from payments.models import CreditEntry, CreditLot, CreditSpend
from tests.cast import Caller, give_credits, seats_match, session
from tests.races import laws
from tests.races.clients import at_once, book, tally
from tests.races.server import Server
from tests.races.sizes import CLIENTS

pytestmark = pytest.mark.load

# Every spend walks through all the lots that others have just emptied: this race is costly, and no larger on request.
LOTS = 20


def balance(caller: Caller) -> int:
    return int(caller.get("/api/payments/credits/").json()["balance"])


def test_one_credit_pays_for_one_of_many_sessions(server: Server, as_ana: Caller, ana: Member) -> None:
    give_credits(ana, 1)
    answers = at_once(server.base, [book(as_ana, session(), "credits") for _ in range(CLIENTS)])
    assert tally(answers) == {(201, ""): 1, (409, "insufficient_credits"): CLIENTS - 1}
    assert balance(as_ana) == 0
    spend = CreditSpend.objects.get()
    assert Booking.objects.get().credit_spend == spend
    assert [entry.credits for entry in CreditEntry.objects.filter(spend=spend)] == [-1]
    assert seats_match()


def test_as_many_small_lots_as_sessions_pay_for_all_of_them(server: Server, as_ana: Caller, ana: Member) -> None:
    for _ in range(LOTS):
        give_credits(ana, 1)
    answers = at_once(server.base, [book(as_ana, session(), "credits") for _ in range(LOTS)])
    assert tally(answers) == {(201, ""): LOTS}
    assert balance(as_ana) == 0
    assert not CreditLot.objects.filter(remaining__gt=0).exists()
    assert CreditSpend.objects.count() == CreditEntry.objects.filter(kind="spent").count() == LOTS


def test_without_the_conditional_update_one_credit_is_spent_twice(
    unguarded: Server, as_ana: Caller, ana: Member
) -> None:
    give_credits(ana, 1)
    asks = [book(as_ana, session(), "credits").without("credits") for _ in range(8)]
    answers = at_once(unguarded.base, asks)
    assert tally(answers)[201, ""] == CreditSpend.objects.count() > 1
    assert {law.split(":")[0] for law in laws.broken()} == {"lots"}
