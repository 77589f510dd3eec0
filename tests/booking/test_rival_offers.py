"""An offer of the waitlist that ends, or is taken, between what a request has read of it and what it writes."""

import pytest

from booking.models import ClassSession
from members.models import Member
from payments.models import CreditSpend, Payment
from tests.booking.test_expiry import expire
from tests.booking.test_waitlist import gives_up, join, kinds, leave, offer_of, places
from tests.cast import Caller, Sandbox, age, code, give_credits, seats_match, session
from tests.payments.counter import balance
from tests.rival import meanwhile


@pytest.fixture
def dan() -> Caller:
    return Caller(Member.objects.create_user("dan@example.com", "dan-and-the-wall", name="Dan"))


@pytest.fixture
def offered(as_ana: Caller, as_ben: Caller, dan: Caller, ana: Member, sandbox: Sandbox) -> ClassSession:
    """The one seat is offered to Ana, who has a credit for it, and Dan is next in line."""
    one = session(capacity=1)
    as_ben.book(one, "card")
    join(as_ana, one)
    join(dan, one)
    gives_up(as_ben)
    give_credits(ana, 1)
    return one


@pytest.mark.parametrize("pay_with", ["credits", "card"])
def test_an_offer_that_another_tab_gives_up_while_it_is_taken_is_gone_and_costs_nothing(
    pay_with: str, offered: ClassSession, as_ana: Caller, dan: Caller
) -> None:
    with meanwhile(lambda: leave(as_ana, offered)):
        answer = as_ana.book(offered, pay_with)
    assert (answer.status_code, code(answer)) == (409, "session_full")
    assert (balance(as_ana), CreditSpend.objects.count(), Payment.objects.filter(status="open").count()) == (1, 0, 0)
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()


def test_an_offer_that_another_tab_takes_while_it_is_given_up_stays_taken(
    offered: ClassSession, as_ana: Caller, ana: Member, dan: Caller
) -> None:
    reference = offer_of(as_ana)["reference"]
    with meanwhile(lambda: as_ana.book(offered, "credits")):
        assert leave(as_ana, offered).status_code == 204
    assert as_ana.booking(reference)["status"] == "paid"
    assert kinds(ana) == ["waitlist_offer", "booking_paid"]
    assert places(dan)[0]["position"] == 1
    assert seats_match()


def test_an_offer_that_is_given_up_while_it_lapses_is_handed_on_once(
    offered: ClassSession, as_ana: Caller, dan: Caller
) -> None:
    reference = offer_of(as_ana)["reference"]
    age(reference, 121)
    with meanwhile(lambda: leave(as_ana, offered)):
        assert "1 stale, 0 freed" in expire("--workers", "1")[1]
    assert as_ana.booking(reference)["ended_reason"] == "member"
    assert offer_of(dan)["status"] == "pending"
    assert seats_match()
