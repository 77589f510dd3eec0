"""Refund against refund: runs of the command, the dashboard, staff who owe again, all at one instant."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from booking import settlement
from booking.models import Booking
from notifications.models import Message
from payments import refunds
from payments.models import Payment, Refund
from tests.cast import Caller, Sandbox, intent_of, session
from tests.cast import tell as hear
from tests.races import laws
from tests.races.clients import Answer, Http, act_in_admin, at_once, event_of, send, tally, tell, together
from tests.races.conftest import Ready
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.sizes import CLIENTS, PAIRS, RUNS

pytestmark = pytest.mark.load

PRICE = 1500
PART = 500


@pytest.fixture
def paid(sandbox: Sandbox, settings: Any) -> Callable[[int], list[str]]:
    """So many payments that came when the hold was gone, under the policy that money goes back; their intents."""
    settings.LATE_PAYMENT_POLICY = "refund"

    def paid(number: int) -> list[str]:
        yoga = session(capacity=number)
        intents = [intent_of(member.book(yoga, "card")) for member in crowd(number)]
        for booking in Booking.objects.select_related("session", "member"):
            with transaction.atomic():
                settlement.free(booking, reason="expired", by="test", now=timezone.now())
        for intent in intents:
            sandbox.pays(intent)
        for event in sandbox.events("payment_intent.succeeded"):
            assert hear(event).status_code == 200
        assert Refund.objects.filter(status="due", amount=PRICE).count() == number
        return intents

    return paid


def given_back(sandbox: Sandbox) -> dict[str, list[int]]:
    """What Stripe has given back of each intent."""
    amounts: dict[str, list[int]] = {}
    for one in sandbox.every("refunds"):
        assert one["status"] == "succeeded", one
        amounts.setdefault(one["payment_intent"], []).append(one["amount"])
    return amounts


def recorded() -> dict[str, int]:
    """What our rows say was given back of each intent."""
    rows = Refund.objects.filter(status="succeeded").values_list("payment__stripe_intent_id")
    return dict(rows.annotate(Sum("amount")).order_by())


def submit_until_nothing_is_due() -> None:
    """What the next runs of cron would do; a debt that staff or Stripe cut short is sent again at once."""
    for _ in range(refunds.MOST_ATTEMPTS):
        if refunds.due(now=timezone.now()).exists():
            call_command("submit_refunds")
    assert not Refund.objects.filter(status__in=("due", "submitted")).exists()


def test_runs_at_once_give_each_debt_back_once(
    server: Server, paid: Callable[[int], list[str]], sandbox: Sandbox, ready: Ready
) -> None:
    intents = paid(PAIRS)
    runs = together(ready("submit_refunds", runs=RUNS))
    assert [run.status for run in runs] == [0] * RUNS, [run.said for run in runs]
    assert sum(run.count("succeeded") for run in runs) == PAIRS
    assert given_back(sandbox) == {intent: [PRICE] for intent in intents}
    assert recorded() == dict.fromkeys(intents, PRICE)
    server.wait_until_calm()
    assert Message.objects.filter(kind="refund_done").count() == PAIRS


def test_without_the_claim_and_the_key_a_part_is_given_back_twice(
    unguarded: Server, paid: Callable[[int], list[str]], sandbox: Sandbox, ready: Ready
) -> None:
    """Stripe itself never gives back more than was paid, so that only a part can be returned twice."""
    paid(4)
    Refund.objects.update(amount=PART)
    together(ready("submit_refunds", runs=2, without="claim"))
    assert any(sum(amounts) > PART for amounts in given_back(sandbox).values())


def test_ours_against_the_dashboards_never_pass_what_was_received(
    server: Server, paid: Callable[[int], list[str]], sandbox: Sandbox, ready: Ready
) -> None:
    """Of every payment somebody returns all or a part by hand while the command is at it, and the news races too."""
    intents = paid(PAIRS)

    def returns_by_hand(number: int) -> Callable[[Http], Awaitable[Answer | None]]:
        wanted = {} if number % 3 == 0 else {"amount": PART if number % 3 == 1 else PRICE - PART}

        async def act(http: Http) -> Answer | None:
            url = f"{sandbox.base}/_sandbox/payment_intents/{intents[number]}/refund"
            async with http.post(url, json=wanted) as answer:
                if answer.status != 200:  # ours was quicker
                    return None
            return await send(http, server.base, tell(await event_of(sandbox, intents[number], "refund.created")))

        return act

    runs = ready("submit_refunds", runs=RUNS)
    answers = together([*(returns_by_hand(number) for number in range(PAIRS)), *runs])[:PAIRS]
    assert tally([answer for answer in answers if answer]).keys() <= {(200, "")}
    submit_until_nothing_is_due()
    news = [event for kind in ("created", "updated") for event in sandbox.events(f"refund.{kind}")]
    assert tally(at_once(server.base, [tell(event) for event in news])).keys() == {(200, "")}
    assert {intent: sum(amounts) for intent, amounts in given_back(sandbox).items()} == dict.fromkeys(intents, PRICE)
    assert recorded() == dict.fromkeys(intents, PRICE)
    assert not Message.objects.filter(kind="refund_failed").exists()


@pytest.fixture
def failed(paid: Callable[[int], list[str]]) -> Refund:
    """A refund that failed for good yesterday."""
    paid(1)
    Refund.objects.update(
        status="failed", failure_code="expired_or_canceled_card", attempt=3, ended_at=timezone.now() - timedelta(days=1)
    )
    return Refund.objects.get()


@pytest.mark.parametrize("by_hand", [0, PART, PRICE], ids=["nothing", "a part", "all"])
def test_owing_a_failed_refund_again_many_times_while_money_went_back_by_hand_owes_the_rest_once(
    server: Server, failed: Refund, desk: Caller, sandbox: Sandbox, by_hand: int
) -> None:
    """Half of the clients are staff who press the button, the other half news of what somebody returned at Stripe."""
    intent = str(failed.payment.stripe_intent_id)
    asks = [act_in_admin(desk, "payments/refund", "owe_again", failed.pk)] * PAIRS
    if by_hand:
        sandbox.control("POST", f"payment_intents/{intent}/refund", amount=by_hand)
        [event] = sandbox.events("refund.created")
        asks += [tell(event | {"id": f"evt_{number}"}) for number in range(CLIENTS - PAIRS)]
    answers = at_once(server.base, asks)
    assert {answer.status for answer in answers} <= {200, 302}
    submit_until_nothing_is_due()
    assert sum(given_back(sandbox)[intent]) == PRICE
    assert recorded() == {intent: PRICE}
    assert Refund.objects.exclude(status="failed").count() == len(given_back(sandbox)[intent])


def test_without_the_lock_and_the_key_a_failed_refund_is_owed_twice(
    unguarded: Server, failed: Refund, desk: Caller, sandbox: Sandbox
) -> None:
    # The first answer of a process takes longer than the pause in which the others are to arrive.
    at_once(unguarded.base, [act_in_admin(desk, "payments/refund", "owe_again", 0)] * 16)
    ask = act_in_admin(desk, "payments/refund", "owe_again", failed.pk).without("debts")
    at_once(unguarded.base, [ask] * 8)
    owed = Refund.objects.filter(status="due").aggregate(sum=Sum("amount"))["sum"]
    assert owed > Payment.objects.get().amount_received
    assert "refunds" in {law.split(":")[0] for law in laws.broken()}
