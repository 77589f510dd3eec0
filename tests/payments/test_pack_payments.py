"""What the end of a payment does to the purchase of a pack."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from freezegun import freeze_time

from members.models import Member
from notifications.models import Message
from payments import intents
from payments.models import CreditLot, CreditPack, PackPurchase, Payment, Refund, UnmatchedMoney
from tests.booking.test_expiry import expire
from tests.cast import Caller, Sandbox, code, intent_of, session, tell
from tests.config.test_backlog import gauge
from tests.payments.counter import (
    FAILED,
    SUCCEEDED,
    age_purchase,
    balance,
    buy,
    moves,
    news,
    pack,
    pay,
    purchase,
)

pytestmark = pytest.mark.usefixtures("laws")


@pytest.fixture
def bought(as_ana: Caller, five: CreditPack) -> Any:
    """Ana's purchase of five credits, as the answer she got."""
    return buy(as_ana, five)


def standing() -> tuple[str, str, str]:
    row = purchase()
    return row.status, row.ended_reason, row.payment.status


def test_a_paid_pack_grants_its_credits_and_tells_the_member(bought: Any, as_ana: Caller, sandbox: Sandbox) -> None:
    pay(sandbox, bought)
    row, lot = purchase(), CreditLot.objects.get()
    assert (row.status, row.lot, row.payment.status) == ("paid", lot, "paid")
    assert (lot.source, lot.granted, lot.remaining, lot.member) == ("pack", 5, 5, row.member)
    assert lot.expires_at == row.paid_at + timedelta(days=90)
    assert moves() == [("granted", 5)]
    message = Message.objects.get()
    assert (message.kind, message.subject) == ("pack_paid", row.subject)
    assert message.variables["credits"] == "5"
    shown = as_ana.get("/api/payments/credits/").json()
    assert (shown["balance"], shown["lots"][0]["source"]) == (5, "pack")


def test_twenty_successes_under_ids_of_their_own_grant_once(bought: Any, as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(bought))
    [event] = sandbox.events(SUCCEEDED)
    answers = [tell(event | {"id": f"evt_{number}"}) for number in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert (balance(as_ana), moves(), Message.objects.count()) == (5, [("granted", 5)], 1)


def test_credits_of_a_pack_pay_for_sessions(bought: Any, as_ana: Caller, sandbox: Sandbox) -> None:
    pay(sandbox, bought)
    body = as_ana.book(session(credits_required=2)).json()
    assert (body["status"], body["paid_with"], body["credits_spent"]) == ("paid", "credits", 2)
    assert (balance(as_ana), moves()) == (3, [("granted", 5), ("spent", -2)])


def test_credits_of_a_pack_pay_for_nothing_that_starts_after_they_expire(
    as_ana: Caller, sandbox: Sandbox, five: CreditPack
) -> None:
    pay(sandbox, buy(as_ana, pack(name="A week", valid_days=7)))
    soon, later = (session(starts_at=timezone.now() + timedelta(days=days)) for days in (6, 8))
    assert code(as_ana.book(later, "credits")) == "insufficient_credits"
    assert as_ana.book(soon, "credits").status_code == 201
    with freeze_time(timezone.now() + timedelta(days=7, minutes=1)):
        assert balance(as_ana) == 0


def test_a_failed_payment_frees_the_purchase_and_voids_the_intent(
    bought: Any, as_ana: Caller, sandbox: Sandbox
) -> None:
    pay(sandbox, bought, "pm_card_chargeDeclined")
    assert intents.lane.wait(20)
    assert standing() == ("freed", "payment_failed", "void")
    assert sandbox.intent(intent_of(bought))["status"] == "canceled"
    assert (balance(as_ana), CreditLot.objects.count()) == (0, 0)


def test_where_failures_are_forgiven_another_card_may_pay(
    bought: Any, as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.PAYMENT_FAILED_POLICY = "hold"
    pay(sandbox, bought, "pm_card_chargeDeclined")
    assert purchase().status == "pending"
    pay(sandbox, bought)
    assert (purchase().status, balance(as_ana)) == ("paid", 5)


def test_a_purchase_that_nobody_paid_runs_out(bought: Any, as_ana: Caller, sandbox: Sandbox) -> None:
    age_purchase(29)
    assert "purchases" not in expire()[1]
    age_purchase(2)
    line = "expire_pending_bookings: 0 stale, 0 freed, 0 paid after all, 0 still processing, 0 unfinished"
    assert expire() == (0, f"{line}; purchases: 1 stale, 1 freed, 0 paid after all, 0 still processing, 0 unfinished\n")
    assert standing() == ("freed", "expired", "void")
    assert [intent["status"] for intent in sandbox.intents()] == ["canceled"]
    assert expire() == (0, f"{line}\n")


def test_a_purchase_paid_without_our_hearing_of_it_is_paid_after_all(
    bought: Any, as_ana: Caller, sandbox: Sandbox
) -> None:
    sandbox.pays(intent_of(bought))
    age_purchase(31)
    assert "purchases: 1 stale, 0 freed, 1 paid after all" in expire()[1]
    assert (purchase().status, balance(as_ana)) == ("paid", 5)


def test_while_stripe_is_down_a_stale_purchase_waits_for_the_next_run(bought: Any, sandbox: Sandbox) -> None:
    age_purchase(31)
    sandbox.fault("status_before", "/cancel$", status=500, times=2)
    status, line = expire()
    assert (status, "purchases: 1 stale, 0 freed" in line, "1 unfinished" in line) == (1, True, True)
    assert purchase().status == "pending"
    assert expire()[0] == 0
    assert purchase().status == "freed"


def test_holds_and_purchases_share_the_limit_and_the_dry_run(
    bought: Any, as_ana: Caller, sandbox: Sandbox, five: CreditPack
) -> None:
    age_purchase(31)
    reference = purchase().reference
    assert expire("--dry-run", "-v", "2") == (
        0,
        f"{reference}\nexpire_pending_bookings: 0 stale (dry run, nothing changed); 1 stale purchases\n",
    )
    hold = as_ana.book(session()).json()["reference"]
    held = as_ana.booking(hold)
    assert held["status"] == "pending"
    with freeze_time(timezone.now() + timedelta(minutes=31)):
        assert "purchases" not in expire("--limit", "1")[1]
        assert "purchases: 1 stale" in expire("--limit", "1")[1]
    assert "purchases" not in expire("--minutes", "1")[1]


def test_a_stale_purchase_is_counted_and_late_when_cron_stands_still(
    bought: Any, anyone: Caller, sandbox: Sandbox
) -> None:
    age_purchase(40)
    assert gauge(anyone, "holdfast_stale_purchases") == 1
    assert anyone.get("/readyz").status_code == 200
    age_purchase(10)
    assert anyone.get("/readyz").json()["problems"] == ["stale_purchases: the oldest of 1 is 20 minutes overdue"]
    expire()
    assert gauge(anyone, "holdfast_stale_purchases") == 0


def freed_and_paid_all_the_same(bought: Any, sandbox: Sandbox) -> Any:
    """Its payment is void here, and was paid at Stripe a moment before: the news of it is still to come."""
    sandbox.pays(intent_of(bought))
    PackPurchase.objects.update(status="freed", ended_reason="expired", ended_at=timezone.now())
    Payment.objects.update(status="void", void_reason="expired", ended_at=timezone.now())
    [event] = sandbox.events(SUCCEEDED)
    return event


def test_a_success_that_comes_late_grants_after_all(bought: Any, as_ana: Caller, sandbox: Sandbox) -> None:
    event = freed_and_paid_all_the_same(bought, sandbox)
    for number in range(3):
        tell(event | {"id": f"evt_{number}"})
    assert standing() == ("paid", "", "paid")
    assert purchase().ended_at is None
    assert (balance(as_ana), moves(), Refund.objects.count()) == (5, [("granted", 5)], 0)


def test_a_late_success_grants_also_while_the_pack_is_being_bought_anew(
    bought: Any, as_ana: Caller, five: CreditPack, sandbox: Sandbox
) -> None:
    event = freed_and_paid_all_the_same(bought, sandbox)
    again = buy(as_ana, five)
    assert again.status_code == 201
    tell(event)
    assert balance(as_ana) == 5
    pay(sandbox, again)
    assert balance(as_ana) == 10


def test_where_late_payments_go_back_the_whole_price_is_owed_once(
    bought: Any, as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.LATE_PAYMENT_POLICY = "refund"
    event = freed_and_paid_all_the_same(bought, sandbox)
    for number in range(3):
        tell(event | {"id": f"evt_{number}"})
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.status) == (5500, "late_payment", "due")
    assert (standing(), balance(as_ana)) == (("freed", "expired", "paid"), 0)
    call_command("submit_refunds", stdout=StringIO())
    refund.refresh_from_db()
    assert refund.status == "succeeded"


def test_a_success_of_another_sum_grants_nothing(bought: Any, as_ana: Caller, sandbox: Sandbox) -> None:
    sandbox.pays(intent_of(bought))
    [event] = sandbox.events(SUCCEEDED)
    event["data"]["object"]["amount_received"] = event["data"]["object"]["amount"] = 55
    tell(event)
    assert (purchase().status, purchase().payment.status, balance(as_ana)) == ("pending", "review", 0)
    assert UnmatchedMoney.objects.get().amount == 55


def test_money_for_a_purchase_that_is_not_here_is_kept_for_staff(bought: Any, sandbox: Sandbox, caplog: Any) -> None:
    sandbox.pays(intent_of(bought))
    PackPurchase.objects.all().delete()
    news(sandbox)
    money = UnmatchedMoney.objects.get()
    assert (money.amount, money.currency) == (5500, "gbp")
    assert (money.why, money.payment) == ("it paid for no purchase", Payment.objects.get())
    assert f"The payment {Payment.objects.get().reference} belongs to no purchase" in caplog.messages


def test_a_failure_told_after_the_success_takes_nothing_back(
    bought: Any, as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.PAYMENT_FAILED_POLICY = "hold"
    sandbox.pays(intent_of(bought), "pm_card_chargeDeclined")
    sandbox.pays(intent_of(bought))
    for type_ in (SUCCEEDED, FAILED):
        for event in sandbox.events(type_):
            tell(event)
    assert (purchase().status, balance(as_ana)) == ("paid", 5)


def test_the_credits_are_those_of_the_buyer(bought: Any, as_ben: Caller, ben: Member, sandbox: Sandbox) -> None:
    pay(sandbox, bought)
    assert balance(as_ben) == 0
    assert not CreditLot.objects.filter(member=ben).exists()
