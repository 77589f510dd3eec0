"""The sandbox's objects against the SDK's own annotations, which follow its API version."""

import pytest
import stripe

from tests.contract.objects import problems


@pytest.mark.parametrize(
    "card",
    [
        None,
        "pm_card_visa",
        "pm_card_chargeDeclined",
        "pm_card_authenticationRequired",
        "pm_sandbox_processing",
        "cancel",
    ],
)
def test_an_intent_has_the_shape_the_sdk_declares_in_every_state(sandbox, client, intent, card):
    if card == "cancel":
        client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    elif card:
        sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": card})
    thing = sandbox.raw("GET", f"/v1/payment_intents/{intent.id}").json()
    assert problems(stripe.PaymentIntent, thing, "intent") == []


def test_a_payment_method_has_the_shape_the_sdk_declares(sandbox, intent):
    answer = sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": "pm_card_chargeDeclined"})
    assert problems(stripe.PaymentMethod, answer.json()["error"]["payment_method"], "method") == []


def test_an_event_has_the_shape_the_sdk_declares(sandbox, intent):
    event = sandbox.raw("GET", "/v1/events").json()["data"][0]
    assert problems(stripe.Event, event, "event") == []
    assert problems(stripe.PaymentIntent, event["data"]["object"], "event.data.object") == []
