import threading

import pytest
import stripe

from tests.sandbox.conftest import eventually

PARAMS = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}
FORM = {"amount": "1500", "currency": "gbp"}


def create(sandbox, key, form=FORM, account="sk_test_ana"):
    return sandbox.raw("POST", "/v1/payment_intents", data=form, auth=(account, ""), headers={"Idempotency-Key": key})


def test_a_repeated_key_replays_the_first_answer(client):
    first = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "seven"})
    client.v1.payment_intents.cancel(first.id)
    again = client.v1.payment_intents.create(PARAMS, {"idempotency_key": "seven"})
    assert (again.id, again.status) == (first.id, "requires_payment_method")
    headers = again.last_response.headers
    assert (headers["Idempotent-Replayed"], headers["Idempotency-Key"]) == ("true", "seven")
    assert headers["Request-Id"] != first.last_response.headers["Request-Id"]
    assert len(client.v1.payment_intents.list().data) == 1


def test_a_replayed_decline_is_the_same_decline(client, intent):
    for replayed in (None, "true"):
        with pytest.raises(stripe.CardError) as refusal:
            client.v1.payment_intents.confirm(
                intent.id, {"payment_method": "pm_card_chargeDeclined"}, {"idempotency_key": "no"}
            )
        assert refusal.value.headers.get("Idempotent-Replayed") == replayed
    assert len(client.v1.events.list({"type": "payment_intent.payment_failed"}).data) == 1


def test_a_refusal_from_inside_execution_is_replayed(client, intent):
    client.v1.payment_intents.cancel(intent.id)
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.payment_intents.cancel(intent.id, {}, {"idempotency_key": "again"})
        assert refusal.value.headers.get("Idempotent-Replayed") == replayed


def test_a_server_error_after_the_effect_is_replayed(sandbox):
    sandbox.fault("status_after", status=500, path="payment_intents$")
    assert create(sandbox, "five").status_code == 500
    again = create(sandbox, "five")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (500, "true")
    assert len(sandbox.stripe().v1.payment_intents.list().data) == 1


def test_another_body_under_the_same_key_is_a_mistake(client):
    client.v1.payment_intents.create(PARAMS, {"idempotency_key": "seven"})
    with pytest.raises(stripe.IdempotencyError) as refusal:
        client.v1.payment_intents.create({**PARAMS, "amount": 1600}, {"idempotency_key": "seven"})
    assert refusal.value.http_status == 400
    assert refusal.value.error.type == "idempotency_error"


def test_a_refused_parameter_leaves_the_key_free(sandbox):
    assert create(sandbox, "free", {**FORM, "amount": "1"}).status_code == 400
    answer = create(sandbox, "free")
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_refusal_before_execution_leaves_the_key_free(sandbox, status):
    sandbox.fault("status_before", status=status)
    assert create(sandbox, "free").status_code == status
    assert create(sandbox, "free").status_code == 200


def test_a_bad_key_leaves_the_idempotency_key_free(sandbox):
    assert create(sandbox, "free", account="nobody").status_code == 401
    assert create(sandbox, "free").status_code == 200


def test_a_twin_in_flight_is_told_to_come_back(sandbox):
    sandbox.fault("hang_before", seconds=0.4, path="payment_intents$")
    answers = []
    first = threading.Thread(target=lambda: answers.append(create(sandbox, "twin")))
    first.start()
    eventually(sandbox.journal)
    twin = create(sandbox, "twin")
    assert twin.status_code == 409
    assert twin.json()["error"]["code"] == "idempotency_key_in_use"
    assert twin.headers["Stripe-Should-Retry"] == "true"
    first.join()
    assert create(sandbox, "twin").json()["id"] == answers[0].json()["id"]


def test_a_client_that_retries_gets_the_intent_its_twin_made(sandbox):
    sandbox.fault("hang_before", seconds=0.6, path="payment_intents$")
    intent = sandbox.stripe(retries=3, read=0.2).v1.payment_intents.create(PARAMS)
    assert [one.id for one in sandbox.stripe().v1.payment_intents.list().data] == [intent.id]


def test_keys_belong_to_the_account_key(sandbox):
    assert create(sandbox, "mine").json()["id"] != create(sandbox, "mine", account="sk_test_ben").json()["id"]


def test_a_key_has_at_most_255_characters(sandbox):
    assert create(sandbox, "k" * 255).status_code == 200
    assert create(sandbox, "k" * 256).status_code == 400


def test_every_answer_names_its_request_and_version(sandbox):
    for path in ("/v1/payment_intents", "/v1/nothing"):
        answer = sandbox.raw("GET", path, headers={"Stripe-Version": "2026-07-29.dahlia"})
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == "2026-07-29.dahlia"
    assert sandbox.raw("GET", "/v1/events", auth=None).headers["Request-Id"].startswith("req_")
