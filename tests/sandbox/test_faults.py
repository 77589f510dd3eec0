import time

import pytest
import requests
import stripe
from twilio.base.exceptions import TwilioRestException

from tests.sandbox.conftest import TEMPLATE

PARAMS = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}
CREATE = {"method": "POST", "path": "/v1/payment_intents$"}


def count(sandbox):
    return len(sandbox.stripe().v1.payment_intents.list().data)


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (500, stripe.APIError),
        (503, stripe.APIError),
        (429, stripe.RateLimitError),
        (401, stripe.AuthenticationError),
    ],
)
def test_a_status_before_the_effect_is_in_stripes_shape_and_does_nothing(sandbox, client, status, raised):
    sandbox.fault("status_before", status=status, **CREATE)
    with pytest.raises(raised) as refusal:
        client.v1.payment_intents.create(PARAMS)
    assert refusal.value.http_status == status
    assert refusal.value.error.message
    assert count(sandbox) == 0


def test_a_status_after_the_effect_hides_what_was_done(sandbox, client):
    sandbox.fault("status_after", status=503, **CREATE)
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.create(PARAMS)
    assert count(sandbox) == 1


def test_a_gateway_error_need_not_be_stored_under_the_key(sandbox):
    sandbox.fault("status_after", status=502, stored=False, **CREATE)
    intent = sandbox.stripe(retries=1).v1.payment_intents.create(PARAMS)
    assert (intent.status, count(sandbox)) == ("requires_payment_method", 1)


@pytest.mark.parametrize(("fault", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_a_connection_is_dropped_before_or_after_the_effect(sandbox, client, fault, made):
    sandbox.fault(fault, **CREATE)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(PARAMS)
    assert count(sandbox) == made
    entry = sandbox.journal()[0]
    assert (entry["status"], entry["fault"]) == (None, fault)


def test_a_dropped_answer_and_a_retry_make_one_intent(sandbox):
    sandbox.fault("reset_after", **CREATE)
    intent = sandbox.stripe(retries=1).v1.payment_intents.create(PARAMS)
    assert intent.last_response.headers["Idempotent-Replayed"] == "true"
    assert count(sandbox) == 1


def test_an_answer_that_hangs_comes_after_the_effect(sandbox):
    sandbox.fault("hang_after", seconds=1, **CREATE)
    with pytest.raises(stripe.APIConnectionError):
        sandbox.stripe(read=0.1).v1.payment_intents.create(PARAMS)
    assert count(sandbox) == 1


def test_a_hang_before_the_effect_delays_it(sandbox, client):
    sandbox.fault("hang_before", seconds=0.2, **CREATE)
    begun = time.monotonic()
    client.v1.payment_intents.create(PARAMS)
    assert time.monotonic() - begun >= 0.2


def test_garbage_follows_the_effect(sandbox, client):
    sandbox.fault("garbage", **CREATE)
    with pytest.raises(stripe.APIError):
        client.v1.payment_intents.create(PARAMS)
    assert count(sandbox) == 1


def test_an_answer_can_carry_another_amount(sandbox, client, intent):
    sandbox.fault("amount_changed", method="GET")
    assert client.v1.payment_intents.retrieve(intent.id).amount != 1500
    assert client.v1.payment_intents.retrieve(intent.id).amount == 1500


def test_a_fault_strikes_as_often_as_it_is_told(sandbox, client):
    sandbox.fault("status_before", status=500, times=2, **CREATE)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create(PARAMS)
    client.v1.payment_intents.create(PARAMS)
    assert sandbox.get("faults")["faults"][0]["times"] == 0


def test_faults_can_be_cleared(sandbox, client):
    sandbox.fault("status_before", times=99)
    assert requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=5).status_code == 204
    client.v1.payment_intents.create(PARAMS)


@pytest.mark.parametrize(
    "script", [{}, {"fault": "earthquake"}, {"fault": "garbage", "path": "("}, {"fault": "garbage", "colour": "red"}]
)
def test_a_wrong_script_is_refused(sandbox, script):
    assert sandbox.post("faults", script).status_code == 400


@pytest.mark.parametrize(("fault", "made"), [("status_before", 0), ("status_after", 1)])
def test_twilio_faults_are_in_twilios_shape(sandbox, twilio, fault, made):
    sandbox.fault(fault, status=429, path="Messages.json$")
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages.create(
            to="whatsapp:+447700900123", from_="whatsapp:+14155238886", content_sid=TEMPLATE, content_variables="{}"
        )
    assert (refusal.value.status, refusal.value.code) == (429, 20429)
    assert len(sandbox.get("messages")["messages"]) == made
