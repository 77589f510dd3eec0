"""Money that goes back: owed once, given back once, recorded whoever gave it."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from booking import integrity
from booking.models import Booking
from members.models import Member
from notifications.models import Message
from payments import refunds
from payments.exceptions import RefundTooLarge
from payments.models import Dispute, Payment, Refund, UnmatchedMoney
from tests.cast import Caller, Sandbox, intent_of, session, tell

SUCCEEDED = "payment_intent.succeeded"


@pytest.fixture
def intent_id(as_ana: Caller, sandbox: Sandbox, settings: Any) -> str:
    """The intent of a booking that was given up and paid all the same, under the policy that money goes back."""
    settings.LATE_PAYMENT_POLICY = "refund"
    held = as_ana.book(session(capacity=1))
    intent_id = intent_of(held)
    sandbox.pays(intent_id)
    Booking.objects.update(status="freed", ended_reason="expired", ended_at=timezone.now())
    for event in sandbox.events(SUCCEEDED):
        assert tell(event).status_code == 200
    assert Refund.objects.get().status == "due"
    return intent_id


def submit(*arguments: str) -> int:
    """The exit status of the command."""
    try:
        call_command("submit_refunds", *arguments)
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def hear(sandbox: Sandbox, *types: str) -> None:
    """Tell the program every refund and dispute event there is, oldest first."""
    for type_ in types or ("refund.created", "refund.updated", "refund.failed"):
        for event in reversed(sandbox.events(type_)):
            assert tell(event).status_code == 200


def at_stripe(sandbox: Sandbox) -> list[tuple[int, str]]:
    return [(refund["amount"], refund["status"]) for refund in sandbox.stripe("refunds", limit=100)["data"]]


def rows() -> list[tuple[str, int, str]]:
    return [(row.reason, row.amount, row.status) for row in Refund.objects.order_by("id")]


def told(kind: str) -> int:
    return Message.objects.filter(kind=kind).count()


def test_an_owed_refund_is_given_back_once_and_told(intent_id: str, sandbox: Sandbox, capsys: Any) -> None:
    assert [submit(), submit()] == [0, 0]
    assert "1 due, 1 succeeded" in capsys.readouterr().out
    hear(sandbox)
    assert at_stripe(sandbox) == [(1500, "succeeded")]
    assert rows() == [("late_payment", 1500, "succeeded")]
    message = Message.objects.get(kind="refund_done")
    assert message.variables["amount"] == "15.00 GBP"
    assert message.variables["title"].startswith("Yoga")


@pytest.mark.parametrize(
    "fault", ["status_before", "status_after", "reset_before", "reset_after", "garbage"], ids=lambda name: name
)
def test_a_lost_answer_is_asked_again_and_money_goes_back_once(intent_id: str, sandbox: Sandbox, fault: str) -> None:
    sandbox.fault(fault, "/v1/refunds$", times=2, status=503, stored=False)
    assert submit() == 1
    assert Refund.objects.get().status == "due"
    sandbox.clear_faults()
    assert submit() == 0
    assert at_stripe(sandbox) == [(1500, "succeeded")]
    assert rows() == [("late_payment", 1500, "succeeded")]


def test_an_answer_lost_for_longer_than_a_key_lives_is_found_in_the_list(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("reset_after", "/v1/refunds$", times=2)
    assert submit() == 1
    Refund.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    sandbox.control("POST", "clock", advance=25 * 3600)
    assert submit() == 0
    assert at_stripe(sandbox) == [(1500, "succeeded")]
    assert rows() == [("late_payment", 1500, "succeeded")]


def test_a_revoked_key_leaves_the_debt_as_it_is(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", "/v1/refunds$", status=401)
    assert submit() == 1
    assert rows() == [("late_payment", 1500, "due")]


def test_a_refund_of_the_dashboard_settles_a_debt(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.control("POST", f"payment_intents/{intent_id}/refund")
    hear(sandbox)
    hear(sandbox)
    assert rows() == [("late_payment", 1500, "succeeded")]
    assert submit() == 0
    assert at_stripe(sandbox) == [(1500, "succeeded")]


def test_a_partial_refund_of_the_dashboard_leaves_the_rest_owed(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    hear(sandbox)
    assert rows() == [("late_payment", 1100, "due"), ("dashboard", 400, "succeeded")]
    assert submit() == 0
    assert sorted(at_stripe(sandbox)) == [(400, "succeeded"), (1100, "succeeded")]
    assert sum(amount for _, amount, _ in rows()) == 1500


@pytest.mark.parametrize("amount", [400, 1500])
def test_a_refund_of_the_dashboard_that_we_have_not_heard_of_is_found_when_ours_is_refused(
    intent_id: str, sandbox: Sandbox, amount: int
) -> None:
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=amount)
    submit()
    submit()
    hear(sandbox)
    assert sum(amount for amount, _ in at_stripe(sandbox)) == 1500
    returned = [amount for _, amount, status in rows() if status == "succeeded"]
    assert sum(returned) == 1500
    assert not Refund.objects.filter(status="due").exists()
    assert told("refund_failed") == 0


def test_a_refund_of_a_paid_booking_in_the_dashboard_is_recorded_once_in_any_order(
    as_ana: Caller, sandbox: Sandbox
) -> None:
    intent_id = intent_of(as_ana.book(session()))
    sandbox.pays(intent_id)
    for part in (500, 300):
        sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=part)
    events = [*sandbox.events("refund.created"), *sandbox.events("refund.updated"), *sandbox.events(SUCCEEDED)]
    for event in (*events, *reversed(events)):
        tell(event)
    assert sorted(rows()) == [("dashboard", 300, "succeeded"), ("dashboard", 500, "succeeded")]
    assert (Booking.objects.get().status, told("refund_done")) == ("paid", 2)


def test_every_order_of_news_of_one_refund_ends_as_stripe_says(intent_id: str, sandbox: Sandbox) -> None:
    submit()
    refund_id = Refund.objects.get().stripe_refund_id
    sandbox.control("POST", f"refunds/{refund_id}/fail")
    first = Refund.objects.get()
    events = [event for kind in ("refund.created", "refund.updated", "refund.failed") for event in sandbox.events(kind)]
    assert any(event["data"]["object"]["status"] == "failed" for event in events)
    for order in itertools.permutations(events[:4]):
        Refund.objects.exclude(pk=first.pk).delete()
        Refund.objects.update(status="due", stripe_refund_id=None, ended_at=None, failure_code="")
        for event in order:
            tell({**event, "id": f"evt_{timezone.now().timestamp()}"})
        first.refresh_from_db()
        assert first.status == "failed", [event["type"] for event in order]


def test_a_refund_that_fails_later_is_owed_again_tomorrow_three_times_at_most(
    intent_id: str, sandbox: Sandbox, caplog: Any
) -> None:
    for attempt in (1, 2, 3):
        submit()
        last = Refund.objects.order_by("id").last()
        assert last is not None
        assert (last.attempt, last.status) == (attempt, "succeeded")
        sandbox.control("POST", f"refunds/{last.stripe_refund_id}/fail")
        hear(sandbox)
        assert submit() == 0
        Refund.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert [status for _, _, status in rows()] == ["failed"] * 3
    assert told("refund_failed") == 1
    assert "failed for good" in caplog.text


def test_staff_can_owe_a_failed_refund_again_once(intent_id: str, sandbox: Sandbox, carla: Member) -> None:
    failed = Refund.objects.get()
    Refund.objects.update(status="failed", attempt=3)
    carla.is_superuser = True
    carla.save()
    browser = Client()
    browser.force_login(carla)
    action = {"action": "owe_again", "_selected_action": [failed.pk]}
    for _ in range(2):
        assert browser.post("/admin/payments/refund/", action).status_code == 302
    assert [status for _, _, status in rows()] == ["failed", "due"]
    assert submit() == 0
    assert at_stripe(sandbox) == [(1500, "succeeded")]


def test_no_more_is_owed_than_was_received(intent_id: str) -> None:
    payment = Payment.objects.get()
    with pytest.raises(RefundTooLarge):
        refunds.owe(payment, amount=1, reason="staff", now=timezone.now())
    assert len(rows()) == 1


@pytest.mark.parametrize("change", [{"amount": 2**40}, {"amount": "1500"}, {"amount": -1}, {"status": "new"}])
def test_news_of_a_refund_that_cannot_be_is_stored_nowhere(intent_id: str, sandbox: Sandbox, change: Any) -> None:
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    event = sandbox.events("refund.created")[0]
    event["data"]["object"] |= change
    assert tell(event).status_code == 200
    assert rows() == [("late_payment", 1500, "due")]


def test_a_debt_that_is_on_its_way_keeps_the_amount_that_stripe_was_asked_for(intent_id: str) -> None:
    read_earlier, claimed = Refund.objects.get(), Refund.objects.get()
    assert claimed.claim(timezone.now())
    assert not read_earlier.resize(400)
    assert not read_earlier.call_off(timezone.now(), code="already_returned")
    assert rows() == [("late_payment", 1500, "due")]


def test_a_debt_on_its_way_beside_a_refund_of_the_dashboard_breaks_no_law(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", "/v1/refunds$", status=429)
    assert submit() == 1
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    hear(sandbox)
    assert rows() == [("late_payment", 1500, "due"), ("dashboard", 400, "succeeded")]
    assert "refunds" not in [law.name for law in integrity.check(now=timezone.now()) if law.count]
    assert submit() == 1
    assert submit() == 0
    assert sorted(at_stripe(sandbox)) == [(400, "succeeded"), (1100, "succeeded")]


def test_a_contested_charge_is_not_paid_back_a_second_time(intent_id: str, sandbox: Sandbox) -> None:
    dispute = sandbox.control("POST", f"payment_intents/{intent_id}/dispute")
    hear(sandbox, "charge.dispute.created")
    assert submit() == 0
    assert at_stripe(sandbox) == []
    sandbox.control("POST", f"disputes/{dispute['id']}/close", won=True)
    hear(sandbox, "charge.dispute.closed", "charge.dispute.created")
    assert Dispute.objects.get().status == "won"
    assert submit() == 0
    assert at_stripe(sandbox) == [(1500, "succeeded")]


def test_money_for_a_payment_that_is_not_here_stands_in_the_queue_once(
    intent_id: str, sandbox: Sandbox, carla: Member
) -> None:
    event = sandbox.events(SUCCEEDED)[0]
    event["data"]["object"] |= {"id": "pi_lost", "metadata": {"payment": "7b5d8a3e-0000-4000-8000-000000000000"}}
    for number in range(3):
        assert tell({**event, "id": f"evt_{number}"}).json() == {"received": "ignored"}
    queued = UnmatchedMoney.objects.get()
    assert (queued.stripe_id, queued.amount, queued.resolved_at) == ("pi_lost", 1500, None)
    carla.is_superuser = True
    carla.save()
    browser = Client()
    browser.force_login(carla)
    browser.post("/admin/payments/unmatchedmoney/", {"action": "tick_off", "_selected_action": [queued.pk]})
    queued.refresh_from_db()
    assert queued.resolved_by == carla
