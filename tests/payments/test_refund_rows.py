"""What a refund's row says after each answer and each piece of news, and when it is tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking.models import Booking
from notifications.models import Message
from payments import refunds, stripe_client
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, intent_of, session, tell
from tests.rival import meanwhile

SUCCEEDED = "payment_intent.succeeded"
REFUNDS, LIST = "/v1/refunds$", "/v1/refunds"


@pytest.fixture
def intent_id(as_ana: Caller, sandbox: Sandbox, settings: Any) -> str:
    """The intent of a late payment, all of which is owed back."""
    settings.LATE_PAYMENT_POLICY = "refund"
    intent_id = intent_of(as_ana.book(session(capacity=1)))
    sandbox.pays(intent_id)
    Booking.objects.update(status="freed", ended_reason="expired", ended_at=timezone.now())
    tell(sandbox.events(SUCCEEDED)[0])
    return intent_id


def submit() -> int:
    try:
        call_command("submit_refunds")
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def hear(sandbox: Sandbox, *types: str) -> None:
    for type_ in types or ("refund.created", "refund.updated", "refund.failed"):
        for event in reversed(sandbox.events(type_)):
            assert tell(event).status_code == 200


def rows() -> list[tuple[str, int, str]]:
    return [(row.reason, row.amount, row.status) for row in Refund.objects.order_by("id")]


def news(sandbox: Sandbox, refund: Any, status: str, **more: Any) -> dict[str, Any]:
    """A refund event that says this of it."""
    event = sandbox.events("refund.created")[0]
    return event | {
        "id": f"evt_{status}_{timezone.now().timestamp()}",
        "data": {"object": {**refund, "status": status, **more}},
    }


def test_what_was_given_back_says_when_and_by_which_refund(intent_id: str, sandbox: Sandbox) -> None:
    submit()
    refund = Refund.objects.get()
    [at_stripe] = sandbox.stripe("refunds")["data"]
    assert (refund.status, refund.stripe_refund_id, refund.claimed_at) == ("succeeded", at_stripe["id"], None)
    assert refund.ended_at == Message.objects.get(kind="refund_done").created_at
    assert refund.failure_code == ""


def test_a_refund_on_its_way_is_known_by_its_id_and_has_no_end(intent_id: str, sandbox: Sandbox) -> None:
    at_stripe = sandbox.control("POST", f"payment_intents/{intent_id}/refund")
    tell(news(sandbox, at_stripe, "pending"))
    refund = Refund.objects.get()
    assert (refund.status, refund.stripe_refund_id, refund.ended_at) == ("submitted", at_stripe["id"], None)
    assert Message.objects.filter(kind="refund_done").count() == 0
    tell(news(sandbox, at_stripe, "succeeded"))
    refund.refresh_from_db()
    assert (refund.status, refund.ended_at is None) == ("succeeded", False)


def test_news_that_comes_twice_tells_the_member_once(intent_id: str, sandbox: Sandbox) -> None:
    submit()
    ended_at = Refund.objects.get().ended_at
    hear(sandbox)
    assert Refund.objects.get().ended_at == ended_at
    assert Message.objects.filter(kind="refund_done").count() == 1


def test_a_refund_that_fails_later_says_why_and_is_owed_again_tomorrow(intent_id: str, sandbox: Sandbox) -> None:
    submit()
    refund_id = Refund.objects.get().stripe_refund_id
    failed_at_stripe = sandbox.control("POST", f"refunds/{refund_id}/fail")
    hear(sandbox)
    failed, again = Refund.objects.order_by("id")
    assert (failed.status, failed.failure_code) == ("failed", failed_at_stripe["failure_reason"])
    assert failed.stripe_refund_id == refund_id
    assert (again.key, again.amount, again.reason) == (f"retry:{failed.reference}", 1500, "late_payment")
    assert (again.status, again.attempt, again.created_at) == ("due", 2, failed.ended_at)
    assert again.due_at - again.created_at == timedelta(days=1)


def test_a_failure_without_a_reason_is_written_as_its_status(intent_id: str, sandbox: Sandbox) -> None:
    at_stripe = sandbox.control("POST", f"payment_intents/{intent_id}/refund")
    tell(news(sandbox, at_stripe, "canceled", failure_reason=None))
    assert Refund.objects.order_by("id")[0].failure_code == "canceled"


def test_a_failure_told_twice_is_owed_again_once(intent_id: str, sandbox: Sandbox) -> None:
    at_stripe = sandbox.control("POST", f"payment_intents/{intent_id}/refund")
    for status in ("failed", "failed", "canceled"):
        tell(news(sandbox, at_stripe, status))
    assert rows() == [("late_payment", 1500, "failed"), ("late_payment", 1500, "due")]


def test_what_is_left_after_a_part_was_returned_need_not_wait(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    assert submit() == 1
    first, again = Refund.objects.exclude(reason="dashboard").order_by("id")
    assert (first.status, again.amount, again.due_at) == ("failed", 1100, again.created_at)


def test_a_refusal_with_nothing_returned_waits_a_day_and_says_its_code(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", REFUNDS, status=400)
    assert submit() == 1
    failed, again = Refund.objects.order_by("id")
    assert failed.failure_code not in ("", "None")
    assert (failed.ended_at, again.due_at - again.created_at) == (again.created_at, timedelta(days=1))


def test_a_refusal_after_which_the_list_is_refused_too_fails_all_the_same(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", REFUNDS, status=400)
    sandbox.fault("status_before", LIST, method="GET", status=400)
    assert submit() == 1
    assert [status for _, _, status in rows()] == ["failed", "due"]


def test_a_refusal_after_which_stripe_is_silent_stays_due(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("status_before", REFUNDS, status=400)
    sandbox.fault("status_before", LIST, method="GET", status=429)
    assert submit() == 1
    assert rows() == [("late_payment", 1500, "due")]
    assert Refund.objects.get().claimed_at is None


def test_a_refusal_of_what_was_given_back_meanwhile_is_no_failure(intent_id: str, sandbox: Sandbox) -> None:
    """The answer to our own refund was lost; the second asking is refused, and the list has it."""
    sandbox.fault("reset_after", REFUNDS, times=2)
    submit()
    sandbox.fault("status_before", REFUNDS, status=400)
    assert submit() == 0
    assert rows() == [("late_payment", 1500, "succeeded")]


def test_the_last_failure_is_said_in_the_log(intent_id: str, sandbox: Sandbox, caplog: Any) -> None:
    Refund.objects.update(attempt=3)
    sandbox.fault("status_before", REFUNDS, status=400)
    submit()
    refund, payment = Refund.objects.get(), Payment.objects.get()
    line = f"The refund {refund.reference} of {payment} failed for good ({refund.failure_code}): see the admin"
    assert line in caplog.messages


def test_two_runs_at_one_refund_ask_once(intent_id: str, sandbox: Sandbox) -> None:
    with meanwhile(submit, before='UPDATE "payments_refund"'):
        assert submit() == 0
    assert len(sandbox.stripe("refunds")["data"]) == 1


def test_a_debt_that_is_claimed_meanwhile_is_not_resized(intent_id: str, sandbox: Sandbox) -> None:
    """The dashboard gave the money back, and our own refund is on its way at this moment."""
    sandbox.control("POST", f"payment_intents/{intent_id}/refund")
    claimed: list[bool] = []
    with meanwhile(
        lambda: claimed.append(Refund.objects.get().claim(timezone.now())), before='UPDATE "payments_refund"'
    ):
        hear(sandbox, "refund.created")
    assert claimed == [True]
    assert rows() == [("late_payment", 1500, "due"), ("dashboard", 1500, "succeeded")]


def test_money_that_was_returned_before_its_success_was_heard_is_owed_no_more(
    as_ana: Caller, sandbox: Sandbox, settings: Any
) -> None:
    settings.LATE_PAYMENT_POLICY = "refund"
    intent_id = intent_of(as_ana.book(session()))
    sandbox.pays(intent_id)
    Booking.objects.update(status="freed", ended_reason="expired", ended_at=timezone.now())
    sandbox.control("POST", f"payment_intents/{intent_id}/refund")
    hear(sandbox, "refund.created", SUCCEEDED)
    assert rows() == [("dashboard", 1500, "succeeded")]


def test_debts_give_way_to_what_was_returned(intent_id: str, sandbox: Sandbox) -> None:
    """Two debts of staff's making; the dashboard returns a part that is neither of them."""
    Refund.objects.all().delete()
    payment = Payment.objects.get()
    for reason, amount in (("first", 900), ("second", 600)):
        refunds.owe(payment, amount=amount, reason=reason, now=timezone.now())
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=800)
    hear(sandbox, "refund.created")
    # The second debt is settled by it, with 200 more; the first gives way by as much.
    assert rows() == [("first", 700, "due"), ("second", 800, "succeeded")]


def test_a_debt_for_which_nothing_is_left_is_called_off(intent_id: str, sandbox: Sandbox) -> None:
    Refund.objects.all().delete()
    payment, now = Payment.objects.get(), timezone.now()
    for reason, amount in (("first", 1499), ("second", 1)):
        refunds.owe(payment, amount=amount, reason=reason, now=now)
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=1499)
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=1)
    newest_first = sandbox.events("refund.created")
    tell(newest_first[1])
    assert rows() == [("first", 1499, "succeeded"), ("second", 1, "due")]
    Refund.objects.filter(reason="first").update(amount=1500)
    refunds.record(_fact(sandbox, newest_first[1]), now=now)
    off = Refund.objects.get(reason="second")
    assert (off.status, off.failure_code, off.ended_at) == ("failed", "already_returned", now)


def _fact(sandbox: Sandbox, event: Any) -> stripe_client.Repayment:
    return stripe_client.Repayment.from_stripe(event["data"]["object"])


@pytest.mark.parametrize(("amount", "written"), [(1, True), (0, False), (99_999_999, True), (100_000_000, False)])
def test_only_amounts_that_can_be_are_written(intent_id: str, sandbox: Sandbox, amount: int, written: bool) -> None:
    Refund.objects.all().delete()
    at_stripe = sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    tell(news(sandbox, at_stripe, "succeeded", amount=amount))
    assert rows() == ([("dashboard", amount, "succeeded")] if written else [])


def test_only_what_failed_is_owed_again(intent_id: str) -> None:
    due = Refund.objects.get()
    assert refunds.owe_again(due.pk, now=timezone.now()) is None
    Refund.objects.update(status="failed")
    now = timezone.now()
    again = refunds.owe_again(due.pk, now=now)
    assert again is not None
    assert (again.due_at, again.created_at, again.reason) == (now, now, "late_payment")


def test_a_refund_is_not_due_before_its_time(intent_id: str, sandbox: Sandbox) -> None:
    now = timezone.now()
    Refund.objects.update(due_at=now + timedelta(hours=1))
    assert submit() == 0
    assert sandbox.stripe("refunds")["data"] == []
    assert list(refunds.due(now=now + timedelta(hours=1))) == [Refund.objects.get()]
    Refund.objects.update(status="submitted")
    assert list(refunds.due(now=now + timedelta(hours=1))) == []


def test_among_the_refunds_of_an_intent_ours_is_found_by_its_metadata(intent_id: str, sandbox: Sandbox) -> None:
    """Ours was made, its answer was lost, and the dashboard's refund of the same payment stands before it."""
    Refund.objects.update(amount=1000)
    sandbox.fault("reset_after", REFUNDS, times=2)
    assert submit() == 1
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=500)
    Refund.objects.update(asked_at=timezone.now() - stripe_client.KEY_LIVES)
    sandbox.control("POST", "clock", advance=25 * 3600)
    asked = _posts(sandbox)
    assert submit() == 0
    assert _posts(sandbox) == asked
    refund = Refund.objects.get(reason="late_payment")
    ours = next(row for row in sandbox.stripe("refunds", limit=10)["data"] if row["amount"] == 1000)
    assert (refund.status, refund.amount, refund.stripe_refund_id) == ("succeeded", 1000, ours["id"])


def test_past_the_life_of_its_key_a_refund_that_is_not_there_is_made(intent_id: str, sandbox: Sandbox) -> None:
    sandbox.fault("reset_before", REFUNDS, times=2)
    assert submit() == 1
    Refund.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    assert submit() == 0
    assert rows() == [("late_payment", 1500, "succeeded")]


def _posts(sandbox: Sandbox) -> int:
    journal = sandbox.control("GET", "requests")["requests"]
    return sum((row["method"], row["path"]) == ("POST", "/v1/refunds") for row in journal)


def test_a_failure_is_owed_again_once_however_often_staff_ask(as_ana: Caller, sandbox: Sandbox) -> None:
    """Also where enough is left to owe it twice."""
    sandbox.pays(intent_of(as_ana.book(session())))
    tell(sandbox.events(SUCCEEDED)[0])
    now = timezone.now()
    part = refunds.owe(Payment.objects.get(), amount=400, reason="staff", now=now)
    assert refunds.owe_again(part.pk, now=now) is None
    Refund.objects.update(status="failed")
    first, second = (refunds.owe_again(part.pk, now=now) for _ in range(2))
    assert first is not None
    assert first == second
    assert rows() == [("staff", 400, "failed"), ("staff", 400, "due")]


@pytest.mark.parametrize("late", [True, False], ids=["a late payment", "a paid booking"])
def test_a_failed_refund_of_the_dashboard_is_our_debt_only_for_a_late_payment(
    as_ana: Caller, sandbox: Sandbox, settings: Any, late: bool
) -> None:
    settings.LATE_PAYMENT_POLICY = "refund"
    intent_id = intent_of(as_ana.book(session()))
    sandbox.pays(intent_id)
    if late:
        Booking.objects.update(status="freed", ended_reason="expired", ended_at=timezone.now())
    tell(sandbox.events(SUCCEEDED)[0])
    at_stripe = sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    tell(news(sandbox, at_stripe, "succeeded"))
    tell(news(sandbox, at_stripe, "failed"))
    owed = [("late_payment", 1100, "due"), ("dashboard", 400, "failed"), ("dashboard", 400, "due")]
    assert rows() == (owed if late else [("dashboard", 400, "failed")])
    assert Message.objects.filter(kind="refund_failed").count() == (0 if late else 1)


def test_a_refusal_looks_only_at_the_refunds_of_its_own_payment(
    intent_id: str, as_ben: Caller, sandbox: Sandbox
) -> None:
    other = intent_of(as_ben.book(session()))
    sandbox.pays(other)
    tell(next(event for event in sandbox.events(SUCCEEDED) if event["data"]["object"]["id"] == other))
    sandbox.control("POST", f"payment_intents/{other}/refund", amount=300)
    sandbox.fault("status_before", REFUNDS, status=400)
    submit()
    assert not Refund.objects.filter(payment__stripe_intent_id=other).exists()


def test_a_code_of_any_length_fits_its_column(intent_id: str, sandbox: Sandbox) -> None:
    at_stripe = sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=400)
    fact = stripe_client.Repayment(at_stripe["id"], intent_id, "failed", 400, "gbp", {}, failure_reason="x" * 80)
    failed = refunds.record(fact, now=timezone.now())
    assert failed is not None
    assert failed.failure_code == "x" * 64


def test_a_part_whose_answer_was_lost_is_asked_for_under_the_same_key(as_ana: Caller, sandbox: Sandbox) -> None:
    """Enough is left to give it back twice: only the key keeps that from happening."""
    sandbox.pays(intent_of(as_ana.book(session())))
    tell(sandbox.events(SUCCEEDED)[0])
    refunds.owe(Payment.objects.get(), amount=400, reason="staff", now=timezone.now())
    sandbox.fault("reset_after", REFUNDS, times=2)
    assert [submit(), submit()] == [1, 0]
    assert [row["amount"] for row in sandbox.stripe("refunds")["data"]] == [400]


@pytest.mark.parametrize(("later", "lists"), [(timedelta(0), 0), (stripe_client.KEY_LIVES, 1)], ids=["at once", "late"])
def test_the_list_is_asked_from_the_moment_a_key_may_be_forgotten(
    intent_id: str, sandbox: Sandbox, later: timedelta, lists: int
) -> None:
    sandbox.fault("reset_before", REFUNDS, times=2)
    submit()
    refund = Refund.objects.select_related("payment").get()
    assert refund.asked_at is not None
    refunds.submit(refund, now=refund.asked_at + later)
    journal = sandbox.control("GET", "requests")["requests"]
    assert sum((row["method"], row["path"]) == ("GET", "/v1/refunds") for row in journal) == lists
    assert rows() == [("late_payment", 1500, "succeeded")]


@pytest.mark.parametrize(
    ("debts", "left"),
    [((500, 500, 500), [(800, "succeeded"), (500, "due"), (200, "due")]),
     ((400, 700, 400), [(800, "succeeded"), (700, "due"), (400, "failed")])],
    ids=["the last gives way", "the last is called off"],
)  # fmt: skip
def test_of_several_debts_the_latest_give_way_first(
    intent_id: str, sandbox: Sandbox, debts: tuple[int, ...], left: list[tuple[int, str]]
) -> None:
    Refund.objects.all().delete()
    for number, amount in enumerate(debts):
        refunds.owe(Payment.objects.get(), amount=amount, reason=f"debt {number}", now=timezone.now())
    sandbox.control("POST", f"payment_intents/{intent_id}/refund", amount=800)
    hear(sandbox, "refund.created")
    assert [(amount, status) for _, amount, status in rows()] == left


def test_a_failure_that_turns_out_made_is_known_by_its_id(intent_id: str, sandbox: Sandbox) -> None:
    submit()
    refund_id = Refund.objects.get().stripe_refund_id
    Refund.objects.update(status="failed", stripe_refund_id=None)
    hear(sandbox, "refund.created")
    refund = Refund.objects.order_by("id")[0]
    assert (refund.status, refund.stripe_refund_id) == ("failed", refund_id)
