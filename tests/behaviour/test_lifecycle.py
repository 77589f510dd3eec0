"""The states of a PaymentIntent, and which act each allows."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.behaviour.api import Api
from tests.behaviour.rules import differs, rule, sandbox_only
from tests.sandbox.conftest import Running

LIFECYCLE = "payments/paymentintents/lifecycle"
CANCEL = "api/payment_intents/cancel"
CONFIRM = "api/payment_intents/confirm"
UPDATE = "api/payment_intents/update"
BACK = "https://example.com/back"


@rule(LIFECYCLE, "requires_payment_method")
def test_a_new_intent_waits_for_a_payment_method(api: Api) -> None:
    intent = api.intent(metadata={"booking": "7"})
    assert (intent["status"], intent["amount_received"], intent["latest_charge"]) == (
        "requires_payment_method",
        0,
        None,
    )
    assert intent["client_secret"].startswith(f"{intent['id']}_secret_")
    assert (intent["livemode"], intent["metadata"]) == (False, {"booking": "7"})


@rule(LIFECYCLE, "requires_confirmation")
def test_an_intent_with_a_method_waits_to_be_confirmed(api: Api) -> None:
    intent = api.intent(payment_method="pm_card_visa")
    assert intent["status"] == "requires_confirmation"
    assert api.confirm(intent).body["status"] == "succeeded"


@rule(LIFECYCLE, "succeeded")
def test_a_good_card_pays_at_once(api: Api) -> None:
    paid = api.paid()
    assert (paid["amount_received"], paid["amount_capturable"], paid["last_payment_error"]) == (1500, 0, None)
    assert paid["latest_charge"].startswith("ch_")
    assert paid["payment_method"].startswith("pm_")


@rule("api/payment_intents/create", "confirm-at-once")
def test_create_and_confirm(api: Api) -> None:
    assert api.intent(confirm=True, payment_method="pm_card_visa", return_url=BACK)["status"] == "succeeded"


@rule(CONFIRM, "without-a-payment-method")
def test_nothing_to_confirm_with(api: Api) -> None:
    intent = api.intent()
    answer = api.confirm(intent)
    assert answer.refusal()[:3] == (400, "invalid_request_error", "payment_intent_unexpected_state")
    assert api.now(intent)["status"] == "requires_payment_method"


def waiting(api: Api) -> Any:
    return api.confirm(api.intent(), "pm_card_authenticationRequired", return_url=BACK).body


CANCELLABLE: dict[str, Callable[[Api], Any]] = {
    "requires_payment_method": lambda api: api.intent(),
    "requires_confirmation": lambda api: api.intent(payment_method="pm_card_visa"),
    "requires_action": waiting,
}


@rule(CANCEL, "cancellable-states")
@pytest.mark.parametrize("state", CANCELLABLE)
def test_an_unpaid_intent_is_cancelled(api: Api, state: str) -> None:
    intent = CANCELLABLE[state](api)
    assert intent["status"] == state
    ended = api.post(f"payment_intents/{intent['id']}/cancel", {"cancellation_reason": "abandoned"})
    assert (ended.body["status"], ended.body["cancellation_reason"]) == ("canceled", "abandoned")
    assert ended.body["canceled_at"] >= intent["created"]
    assert api.eventually(lambda: api.events(intent, "payment_intent.canceled"))


@rule(CANCEL, "cancellation_reason")
@pytest.mark.parametrize(
    ("reason", "status"),
    [("duplicate", 200), ("fraudulent", 200), ("requested_by_customer", 200), ("abandoned", 200), ("expired", 400)],
)
def test_a_reason_is_one_of_four(api: Api, reason: str, status: int) -> None:
    intent = api.intent()
    answer = api.post(f"payment_intents/{intent['id']}/cancel", {"cancellation_reason": reason})
    assert answer.status == status
    if status == 400:
        assert answer.error["param"] == "cancellation_reason"


ENDED: dict[str, Callable[[Api], Any]] = {
    "succeeded": lambda api: api.paid(),
    "canceled": lambda api: api.post(f"payment_intents/{api.intent()['id']}/cancel").body,
}
ACTS: dict[str, dict[str, Any]] = {
    "cancel": {},
    "confirm": {"payment_method": "pm_card_visa"},
}


@rule("error-codes", "payment_intent_unexpected_state")
@pytest.mark.parametrize("end", ENDED)
@pytest.mark.parametrize("act", ACTS)
def test_an_end_is_final_and_the_refusal_shows_the_intent(api: Api, end: str, act: str) -> None:
    intent = ENDED[end](api)
    answer = api.post(f"payment_intents/{intent['id']}/{act}", ACTS[act])
    assert answer.refusal()[:3] == (400, "invalid_request_error", "payment_intent_unexpected_state")
    assert (answer.error["payment_intent"]["id"], answer.error["payment_intent"]["status"]) == (intent["id"], end)
    assert api.now(intent) == intent


@rule(UPDATE, "amount-of-an-unpaid-intent")
def test_an_unpaid_intent_is_changed(api: Api) -> None:
    intent = api.intent(metadata={"a": "1", "b": "2"})
    form = {"amount": 1700, "description": "Yoga", "metadata": {"a": "", "c": "3"}}
    changed = api.post(f"payment_intents/{intent['id']}", form).body
    assert (changed["amount"], changed["description"]) == (1700, "Yoga")
    assert changed["metadata"] == {"b": "2", "c": "3"}
    assert changed["client_secret"] == intent["client_secret"]


@rule(UPDATE, "amount-of-an-ended-intent")
@pytest.mark.parametrize("end", ENDED)
def test_the_amount_of_an_ended_intent_stands(api: Api, end: str) -> None:
    intent = ENDED[end](api)
    answer = api.post(f"payment_intents/{intent['id']}", {"amount": 1700})
    assert answer.refusal()[:3] == (400, "invalid_request_error", "payment_intent_unexpected_state")


@rule("payments/3d-secure/authentication-flow", "requires_action")
@pytest.mark.parametrize("card", ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"])
def test_an_issuer_that_asks_leaves_the_intent_waiting(api: Api, card: str) -> None:
    intent = api.intent()
    answer = api.confirm(intent, card, return_url=BACK)
    assert (answer.status, answer.body["status"]) == (200, "requires_action")
    action = answer.body["next_action"]
    assert (action["type"], action["redirect_to_url"]["return_url"]) == ("redirect_to_url", BACK)
    assert action["redirect_to_url"]["url"].startswith("http")
    assert api.eventually(lambda: api.events(intent, "payment_intent.requires_action"))


@rule("payments/3d-secure/authentication-flow", "in-the-page")
def test_without_a_way_back_the_page_asks(api: Api) -> None:
    answer = api.confirm(api.intent(), "pm_card_authenticationRequired", use_stripe_sdk=True)
    assert (answer.body["status"], answer.body["next_action"]["type"]) == ("requires_action", "use_stripe_sdk")


@rule("payments/3d-secure/authentication-flow", "the-holder-answers")
@sandbox_only("a person would have to answer the issuer")
@pytest.mark.parametrize(("ok", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_the_holder_answers(api: Api, hand: Running, ok: bool, status: str) -> None:
    intent = waiting(api)
    hand.post(f"payment_intents/{intent['id']}/authenticate", {"ok": ok})
    after = api.now(intent)
    assert (after["status"], after["next_action"]) == (status, None)
    if not ok:
        assert after["last_payment_error"]["code"] == "payment_intent_authentication_failure"
        assert api.confirm(intent, "pm_card_visa").body["status"] == "succeeded"


@rule(LIFECYCLE, "processing")
@sandbox_only("cards do not pass through processing there, and the program takes cards only")
@differs("D5")
@pytest.mark.parametrize(("ok", "status"), [(True, "succeeded"), (False, "requires_payment_method")])
def test_processing_cannot_be_cancelled_and_the_bank_ends_it(api: Api, hand: Running, ok: bool, status: str) -> None:
    intent = api.confirm(api.intent(), "pm_sandbox_processing").body
    assert intent["status"] == "processing"
    answer = api.post(f"payment_intents/{intent['id']}/cancel")
    assert answer.refusal()[2] == "payment_intent_unexpected_state"
    hand.post(f"payment_intents/{intent['id']}/settle", {"ok": ok})
    assert api.now(intent)["status"] == status
