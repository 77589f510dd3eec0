"""The sandbox's objects against the SDK's own annotations, which follow its API version."""

import typing

import pytest
import stripe

PLAIN = (str, int, bool)


def members(annotation):
    """The possible types of an annotation."""
    if typing.get_origin(annotation) is typing.Union:
        return [each for one in typing.get_args(annotation) for each in members(one)]
    return [annotation]


def problems(kind, thing, where):
    """What is missing, null, unknown or of the wrong kind in a plain object."""
    wanted = {name: a for name, a in kind.__annotations__.items() if typing.get_origin(a) is not typing.ClassVar}
    found = [f"{where}.{name}: unknown" for name in thing if name not in wanted]
    for name, annotation in wanted.items():
        possible, value = members(annotation), thing.get(name)
        if value is None:
            found += [] if type(None) in possible else [f"{where}.{name}: missing or null"]
            continue
        inner = [one for one in possible if isinstance(one, type) and issubclass(one, stripe.StripeObject)]
        if isinstance(value, dict) and inner and inner[0].__annotations__:
            found += problems(inner[0], value, f"{where}.{name}")
        elif all(one in (*PLAIN, type(None)) for one in possible) and type(value) not in possible:
            found.append(f"{where}.{name}: {value!r}")
    return found


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
