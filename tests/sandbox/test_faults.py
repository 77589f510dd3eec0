import threading
import time

import pytest
import requests
import stripe

from tests.sandbox.conftest import eventually

PARAMS = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}
FORM = {"amount": 1500, "currency": "gbp"}
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


@pytest.mark.parametrize("first", ["latency", "status_before"])
def test_latency_adds_to_any_other_fault_and_has_no_end(sandbox, client, first):
    for kind in sorted(["latency", "status_before"], key=first.__ne__):
        sandbox.fault(kind, **({"seconds": 0.15} if kind == "latency" else CREATE))
    for refused in (True, False):
        begun = time.monotonic()
        answer = sandbox.raw("POST", "/v1/payment_intents", data={"amount": 1500, "currency": "gbp"})
        assert time.monotonic() - begun >= 0.15
        assert (answer.status_code == 500) == refused
    assert [entry["fault"] for entry in sandbox.journal()] == ["status_before", "latency"]


def test_a_truncated_answer_follows_the_effect_and_stripes_client_does_not_ask_again(sandbox):
    sandbox.fault("truncated", **CREATE)
    with pytest.raises(stripe.APIConnectionError):
        sandbox.stripe(retries=2).v1.payment_intents.create(PARAMS)
    assert count(sandbox) == 1


def test_a_truncated_answer_tells_its_whole_length(sandbox):
    sandbox.fault("truncated")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError), match="IncompleteRead"):
        sandbox.raw("GET", "/v1/events")


def test_another_amount_is_told_in_lists_too(sandbox, client, intent):
    sandbox.fault("amount_changed", method="GET")
    assert client.v1.payment_intents.list().data[0].amount == 1501


def test_contention_on_one_object_asks_for_a_retry(sandbox):
    sandbox.fault("status_before", status=429, lock=True, **CREATE)
    with pytest.raises(stripe.RateLimitError) as refusal:
        sandbox.stripe().v1.payment_intents.create(PARAMS)
    assert refusal.value.error.code == "lock_timeout"
    assert refusal.value.headers["Stripe-Should-Retry"] == "true"
    sandbox.fault("status_before", lock=True, **CREATE)
    sandbox.stripe(retries=1).v1.payment_intents.create(PARAMS)


def test_a_plain_429_asks_for_none(sandbox):
    sandbox.fault("status_before", status=429, **CREATE)
    with pytest.raises(stripe.RateLimitError) as refusal:
        sandbox.stripe(retries=2).v1.payment_intents.create(PARAMS)
    assert refusal.value.error.code == "rate_limit"
    assert len(sandbox.journal()) == 1


def test_an_event_can_come_before_the_answer(sandbox, client, receiver):
    receiver.held.clear()
    receiver.hold_first_of = "payment_intent.created"
    answers = []
    creating = threading.Thread(target=lambda: answers.append(client.v1.payment_intents.create(PARAMS)))
    sandbox.fault("event_first", **CREATE)
    creating.start()
    eventually(receiver.events)
    creating.join(0.3)
    assert answers == []
    receiver.held.set()
    creating.join(5)
    assert answers[0].id == receiver.events()[0]["data"]["object"]["id"]


@pytest.mark.parametrize("card", [None, "pm_card_authenticationRequired", "pm_sandbox_processing"])
def test_a_cancel_can_meet_a_payment_that_was_made_an_instant_before(sandbox, client, receiver, intent, card):
    if card:
        sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": card})
    sandbox.fault("paid_first")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.cancel(intent.id)
    assert refusal.value.code == "payment_intent_unexpected_state"
    assert refusal.value.error.payment_intent.status == "succeeded"
    assert client.v1.payment_intents.retrieve(intent.id).amount_received == 1500
    eventually(lambda: receiver.events("payment_intent.succeeded"))


@pytest.mark.parametrize("path", ["/v1/payment_intents/pi_none/cancel", "/v1/payment_intents/%2e/cancel"])
def test_a_payment_that_cannot_be_made_changes_nothing(sandbox, path):
    sandbox.fault("paid_first")
    assert sandbox.raw("POST", path).status_code == 404
