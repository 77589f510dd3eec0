"""What an issuer says when it says no, and that it is not the end."""

import pytest

from tests.behaviour.api import Api, cards_only
from tests.behaviour.rules import differs, rule

TESTING = "testing"
LIFECYCLE = "payments/paymentintents/lifecycle"
DECLINES = "declines/codes"


@rule(TESTING, "declined-payments")
@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
    ],
)
def test_a_decline_names_its_reason(api: Api, card: str, code: str, decline_code: str) -> None:
    error = api.confirm(api.intent(), card).error
    assert (error["type"], error["code"], error["decline_code"]) == ("card_error", code, decline_code)


@rule(TESTING, "declined-payments-with-a-code-of-their-own")
@differs("D6")
@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
def test_some_declines_have_a_code_of_their_own(api: Api, card: str, code: str) -> None:
    answer = api.confirm(api.intent(), card)
    assert (answer.status, answer.error["type"], answer.error["code"]) == (402, "card_error", code)


@rule(LIFECYCLE, "a-decline-is-not-the-end")
def test_the_same_intent_is_tried_again(api: Api) -> None:
    intent = api.intent()
    refused = api.confirm(intent, "pm_card_visa_chargeDeclined")
    assert refused.status == 402
    declined = api.now(intent)
    assert (declined["status"], declined["amount_received"]) == ("requires_payment_method", 0)
    assert declined["payment_method"] is None
    assert declined["last_payment_error"]["decline_code"] == "generic_decline"
    assert declined["last_payment_error"]["payment_method"]["object"] == "payment_method"
    assert declined["client_secret"] == intent["client_secret"]
    assert api.confirm(intent, "pm_card_visa").body["status"] == "succeeded"
    assert api.now(intent)["last_payment_error"] is None


@rule("api/errors", "a-card-error-carries-the-intent-and-the-charge")
def test_a_card_error_carries_the_intent(api: Api) -> None:
    intent = api.intent()
    error = api.confirm(intent, "pm_card_visa_chargeDeclined").error
    assert error["payment_intent"] == api.now(intent)
    assert error["charge"] == error["payment_intent"]["latest_charge"]
    assert error["doc_url"].startswith("https://stripe.com/docs/error-codes/")
    charge = api.get(f"charges/{error['charge']}").body
    assert (charge["status"], charge["paid"], charge["failure_code"]) == ("failed", False, "card_declined")


@rule("api/events/types", "payment_intent.payment_failed")
def test_a_decline_has_its_events(api: Api) -> None:
    intent = api.intent()
    api.confirm(intent, "pm_card_visa_chargeDeclined")
    [event] = api.eventually(lambda: api.events(intent, "payment_intent.payment_failed"))
    assert event["data"]["object"]["last_payment_error"]["code"] == "card_declined"
    charge = {"id": event["data"]["object"]["latest_charge"]}
    assert api.eventually(lambda: api.events(charge, "charge.failed"))


@rule("api/payment_intents/create", "a-decline-at-creation-leaves-the-intent")
def test_a_decline_at_creation(api: Api) -> None:
    answer = api.post("payment_intents", cards_only(confirm=True, payment_method="pm_card_visa_chargeDeclined"))
    assert answer.status == 402
    assert api.confirm(answer.error["payment_intent"], "pm_card_visa").body["status"] == "succeeded"


@rule("error-codes", "resource_missing")
def test_an_unknown_payment_method(api: Api) -> None:
    answer = api.post("payment_intents", cards_only(confirm=True, payment_method="pm_card_nobody"))
    assert answer.refusal() == (400, "invalid_request_error", "resource_missing", "payment_method")
