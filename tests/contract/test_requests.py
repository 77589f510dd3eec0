"""Each call the program makes of the two SDKs, and that the watch has seen it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.utils import timezone

from notifications import twilio_client
from payments import stripe_client
from tests.cast import Sandbox, session

WHEN = timezone.now() - timedelta(minutes=5)


def create(number: int = 7) -> stripe_client.Intent:
    intent, _ = stripe_client.create(
        amount=1500,
        currency="gbp",
        description="Yoga",
        metadata={"payment": str(number)},
        idempotency_key=f"contract:{number}",
    )
    return intent


def refund() -> object:
    intent = create()
    stripe_client._client().v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    return stripe_client.refund(
        intent_id=intent.id, amount=700, metadata={"refund": "7"}, idempotency_key="contract:refund"
    )


def send() -> str:
    return twilio_client.send(
        to="+447700900123",
        content_sid="HX" + "1" * 32,
        variables={"1": "Ana"},
        callback="http://localhost:8000/status/",
    )


CALLS: dict[str, Callable[[], Any]] = {
    "create": create,
    "retrieve": lambda: stripe_client.retrieve(create().id),
    "cancel": lambda: stripe_client.cancel(create().id),
    "find": lambda: stripe_client.find(metadata={"payment": "none"}, since=WHEN),
    "refund": refund,
    "accept_key": stripe_client.accept_key,
    "endpoints": stripe_client.endpoints,
    "refunds_of": lambda: stripe_client.refunds_of("pi_none"),
    "intents_created": lambda: [*stripe_client.intents_created(since=WHEN, until=None)],
    "refunds_created": lambda: [*stripe_client.refunds_created(since=WHEN, until=WHEN)],
    "events_created": lambda: [*stripe_client.events_created(types=("refund.created",), since=WHEN, until=None)],
    "send": send,
    "find_sent": lambda: twilio_client.find_sent(to="+447700900123", since=WHEN),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_call_is_what_the_sdk_declares(sandbox: Sandbox, contract: list[str], call: Callable[[], Any]) -> None:
    call()
    assert contract == []


def test_every_call_of_the_clients_is_tried_here() -> None:
    """A new function that asks the network joins the table above."""
    asking = {
        name
        for module in (stripe_client, twilio_client)
        for name, act in vars(module).items()
        if getattr(act, "__module__", "") == module.__name__ and (act.__doc__ or "").count("Network")
    }
    assert asking == set(CALLS)


def test_the_further_pages_of_a_list_are_watched_too(
    sandbox: Sandbox, contract: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(101):
        sandbox.http.post(
            f"{sandbox.base}/v1/payment_intents", data={"amount": 900, "currency": "gbp"}, auth=("sk_test_page", "")
        )
    seen: list[str] = []
    ask = stripe._api_requestor._APIRequestor.request

    def noted(self: Any, method: str, url: str, params: Any = None, *rest: Any, **more: Any) -> Any:
        seen.append(str(sorted(params or {})))
        return ask(self, method, url, params, *rest, **more)

    monkeypatch.setattr(stripe._api_requestor._APIRequestor, "request", noted)
    assert stripe_client.find(metadata={"payment": "none"}, since=WHEN) is None
    assert seen == ["['created', 'limit']", "['created', 'limit', 'starting_after']"]
    assert contract == []


@pytest.fixture
def breached(contract: list[str]) -> Any:
    """The breaches of this test; they are meant, so the watch forgets them."""
    yield contract
    contract.clear()


def test_a_breach_of_the_program_fails_its_test(sandbox: Sandbox, breached: list[str]) -> None:
    metadata: Any = {"payment": 7}
    stripe_client.create(amount=1500, currency="gbp", description="", metadata=metadata, idempotency_key="k")
    assert any("PaymentIntentService.create: metadata" in problem for problem in breached)
    breached.clear()
    variables: Any = {"1": ""}
    with pytest.raises(twilio_client.Refused):
        twilio_client.send(to="07700", content_sid="HX", variables=variables, callback="http://localhost/")
    assert any("content_sid" in problem for problem in breached)


def test_a_booking_passes_the_watch(as_ana: Any, sandbox: Sandbox, contract: list[str]) -> None:
    assert as_ana.book(session(), key="k").status_code == 201
    assert sandbox.creates() == 1
    assert contract == []
