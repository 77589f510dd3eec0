"""Money that belongs to nothing here: what comes into the queue, what leaves it, and who may tick it off."""

import pytest

from booking.models import Booking
from members.models import Member
from payments.models import Payment, UnmatchedMoney
from tests.cast import Caller, Sandbox, intent_of, session, tell
from tests.payments.desk import act, at_the_desk

SUCCEEDED = "payment_intent.succeeded"
PRICE = 1500


@pytest.fixture
def paid(as_ana: Caller, sandbox: Sandbox) -> Payment:
    sandbox.pays(intent_of(as_ana.book(session())))
    [event] = sandbox.events(SUCCEEDED)
    assert tell(event).status_code == 200
    return Payment.objects.get()


@pytest.fixture
def unmatched(paid: Payment, sandbox: Sandbox) -> UnmatchedMoney:
    """A second intent that pays what is paid already."""
    event = sandbox.events(SUCCEEDED)[0]
    event["data"]["object"] |= {"id": "pi_second"}
    for number in range(3):
        assert tell({**event, "id": f"evt_second_{number}"}).status_code == 200
    return UnmatchedMoney.objects.get()


def test_a_second_payment_stands_in_the_queue_until_staff_tick_it_off(
    unmatched: UnmatchedMoney, carla: Member, anyone: Caller
) -> None:
    assert (unmatched.stripe_id, unmatched.amount, unmatched.payment) == ("pi_second", PRICE, Payment.objects.get())
    assert "holdfast_unmatched_money 1.0" in anyone.get("/metrics").content.decode()
    desk = at_the_desk(carla, "view_unmatchedmoney", "change_unmatchedmoney")
    assert "pi_second" in desk.get("/admin/payments/unmatchedmoney/").content.decode()
    act(desk, "unmatchedmoney", "tick_off", unmatched.pk)
    unmatched.refresh_from_db()
    assert unmatched.resolved_by == carla
    assert "holdfast_unmatched_money 0.0" in anyone.get("/metrics").content.decode()
    assert Booking.objects.get().status == "paid"


@pytest.mark.parametrize("permissions", [(), ("view_unmatchedmoney",), ("change_refund",)])
def test_who_may_not_tick_money_off_is_refused(
    unmatched: UnmatchedMoney, carla: Member, permissions: tuple[str, ...]
) -> None:
    act(at_the_desk(carla, *permissions), "unmatchedmoney", "tick_off", unmatched.pk)
    unmatched.refresh_from_db()
    assert unmatched.resolved_at is None


def test_ticking_off_twice_keeps_who_did_it_first(unmatched: UnmatchedMoney, carla: Member, ben: Member) -> None:
    ben.is_staff = True
    ben.save()
    for member in (carla, ben):
        desk = at_the_desk(member, "view_unmatchedmoney", "change_unmatchedmoney")
        act(desk, "unmatchedmoney", "tick_off", unmatched.pk)
    unmatched.refresh_from_db()
    assert unmatched.resolved_by == carla


def test_money_in_review_that_turns_out_right_leaves_the_queue_by_itself(as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(as_ana.book(session())))
    [event] = sandbox.events(SUCCEEDED)
    wrong = {**event, "id": "evt_wrong", "data": {"object": {**event["data"]["object"], "amount_received": 700}}}
    assert tell(wrong).status_code == 200
    assert UnmatchedMoney.objects.get().resolved_at is None
    assert tell(event).status_code == 200
    assert UnmatchedMoney.objects.get().resolved_at is not None
    assert (Payment.objects.get().status, Booking.objects.get().status) == ("paid", "paid")
