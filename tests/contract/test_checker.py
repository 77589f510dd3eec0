"""The contract sees what it is there for: each wrong call is caught, at any depth."""

from typing import Any

import pytest
from stripe._event_service import EventService
from stripe._payment_intent_service import PaymentIntentService
from stripe._refund_service import RefundService
from twilio.rest.api.v2010.account.message import MessageList

from tests.contract import parameters, watch

GOOD: dict[str, Any] = {
    "amount": 1500,
    "currency": "gbp",
    "description": "Yoga",
    "metadata": {"booking": "7"},
    "allowed_payment_method_types": ["card"],
}
MESSAGE = {
    "to": "whatsapp:+447700900123",
    "from_": "whatsapp:+14155238886",
    "content_sid": "HX" + "1" * 32,
    "content_variables": '{"1": "Ana", "2": "Yoga"}',
    "status_callback": "https://studio.example/status/",
}


def asked(act: Any, params: Any, options: Any = None) -> list[str]:
    return watch.request_problems(parameters.declared(act), params, options, act.__name__)


def test_a_good_call_has_no_problem() -> None:
    assert asked(PaymentIntentService.create, GOOD, {"idempotency_key": "k"}) == []
    assert watch.message_problems(MessageList.create, (), MESSAGE) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"colour": "red"}, "colour"),
        ({"automatic_payment_methods": {"enabled": True, "colour": "red"}}, "automatic_payment_methods.colour"),
        ({"payment_method_options": {"card": {"installments": {"plan": {"colour": 1}}}}}, "plan"),
        ({"amount": 15.0}, "amount: Input should be a valid integer"),
        ({"amount": "1500"}, "amount: Input should be a valid integer"),
        ({"amount": True}, "amount: Input should be a valid integer"),
        ({"metadata": {"booking": 7}}, "metadata"),
        ({"metadata": {"booking": None}}, "metadata"),
        ({"capture_method": "automatc"}, "capture_method"),
        ({"allowed_payment_method_types": ["cards"]}, "allowed_payment_method_types.0"),
        ({"allowed_payment_method_types": "card"}, "allowed_payment_method_types"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"idempotency_key": "among the parameters"}, "idempotency_key"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_parameter_is_caught(wrong: dict[str, Any], said: str) -> None:
    problems = asked(PaymentIntentService.create, {**GOOD, **wrong})
    assert problems
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("name", ["amount", "currency"])
def test_a_missing_parameter_is_caught(name: str) -> None:
    assert asked(PaymentIntentService.create, {key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("act", "params"),
    [
        (PaymentIntentService.cancel, {"cancellation_reason": "expired"}),
        (PaymentIntentService.list, {"created": {"about": 5}}),
        (PaymentIntentService.list, {"status": "succeeded"}),
        (EventService.list, {"types": "payment_intent.succeeded"}),
        (RefundService.create, {"payment_intent": "pi_1", "reason": "late"}),
    ],
    ids=lambda value: getattr(value, "__qualname__", str(value)),
)
def test_every_service_is_known(act: Any, params: dict[str, Any]) -> None:
    assert asked(act, params)


def test_a_wrong_option_is_caught() -> None:
    assert asked(PaymentIntentService.create, GOOD, {"idempotency": "k"})
    assert asked(PaymentIntentService.create, GOOD, {"idempotency_key": 7})


def test_a_request_past_the_services_is_caught() -> None:
    assert watch.request_problems(watch.Undeclared, {}, {}, "POST /v1/anything")


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"body": "free text"},
        {"to": "+447700900123"},
        {"to": "whatsapp:07700 900123"},
        {"content_sid": "HXshort"},
        {"content_sid": None},
        {"content_variables": {"1": "Ana"}},
        {"content_variables": '{"1": ""}'},
        {"content_variables": '{"1": 7}'},
        {"content_variables": '{"2": "Ana"}'},
        {"content_variables": "Ana"},
        {"status_callback": 7},
    ],
    ids=str,
)
def test_a_wrong_message_is_caught(wrong: dict[str, Any]) -> None:
    assert watch.message_problems(MessageList.create, (), {**MESSAGE, **wrong})
