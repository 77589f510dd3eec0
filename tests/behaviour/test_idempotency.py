"""One act under one idempotency key, whatever happens to its answer."""

import threading

import pytest

from tests.behaviour.api import Answer, Api, cards_only, unique
from tests.behaviour.rules import differs, rule, sandbox_only
from tests.sandbox.conftest import Running

PAGE = "api/idempotent_requests"
LOW = "error-low-level"
DAY = 24 * 60 * 60


def create(api: Api, key: str, **changes: object) -> Answer:
    return api.post("payment_intents", cards_only(**changes), once=key)


@rule(PAGE, "a-repeated-key-answers-the-same")
def test_replay(api: Api) -> None:
    key = unique()
    first, again = create(api, key), create(api, key)
    assert (first.status, first.body) == (again.status, again.body)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Idempotency-Key"] == key


@rule(PAGE, "a-replay-shows-the-past")
def test_replay_is_a_snapshot(api: Api) -> None:
    key = unique()
    made = create(api, key).body
    api.post(f"payment_intents/{made['id']}/cancel")
    assert create(api, key).body["status"] == "requires_payment_method"
    assert api.now(made)["status"] == "canceled"


@rule(PAGE, "other-parameters-are-a-mistake")
def test_mismatch(api: Api) -> None:
    key = unique()
    create(api, key)
    answer = create(api, key, amount=1600)
    assert (answer.status, answer.error["type"]) == (400, "idempotency_error")


@rule(PAGE, "another-endpoint-is-a-mistake")
def test_mismatch_of_the_endpoint(api: Api) -> None:
    key, form = unique(), {"payment_method": "pm_card_visa"}
    first, other = api.intent(), api.intent()
    assert api.post(f"payment_intents/{first['id']}/confirm", form, once=key).status == 200
    answer = api.post(f"payment_intents/{other['id']}/confirm", form, once=key)
    assert (answer.status, answer.error["type"]) == (400, "idempotency_error")


@rule(PAGE, "replay-of-a-decline")
def test_replay_of_a_decline(api: Api) -> None:
    key, intent = unique(), api.intent()
    form = {"payment_method": "pm_card_visa_chargeDeclined"}
    first, again = (api.post(f"payment_intents/{intent['id']}/confirm", form, once=key) for _ in range(2))
    assert (first.status, again.status) == (402, 402)
    assert first.error["code"] == again.error["code"] == "card_declined"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api.eventually(lambda: api.events(intent, "payment_intent.payment_failed"))) == 1


@rule(LOW, "a-400-from-inside-is-kept")
def test_replay_of_a_refusal(api: Api) -> None:
    key, intent = unique(), api.intent()
    api.post(f"payment_intents/{intent['id']}/cancel")
    first, again = (api.post(f"payment_intents/{intent['id']}/cancel", once=key) for _ in range(2))
    assert first.refusal() == again.refusal()
    assert again.headers["Idempotent-Replayed"] == "true"


@rule(PAGE, "a-parameter-that-fails-validation-leaves-the-key-free")
@differs("D3")
def test_validation_leaves_the_key_free(api: Api) -> None:
    key = unique()
    assert create(api, key, amount="many").status == 400
    assert create(api, key).status == 200


@rule(LOW, "a-refused-api-key-leaves-the-key-free")
def test_authentication_leaves_the_key_free(api: Api) -> None:
    key = unique()
    assert api.post("payment_intents", cards_only(), once=key, account="sk_nobody").status == 401
    assert create(api, key).status == 200


@rule(PAGE, "replay-of-an-error-500")
@sandbox_only("Stripe cannot be told to fail")
def test_replay_of_a_server_error(api: Api, hand: Running) -> None:
    hand.fault("status_after", status=500, path="payment_intents$")
    key = unique()
    first, again = create(api, key), create(api, key)
    assert (first.status, again.status) == (500, 500)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api.get("payment_intents").body["data"]) == 1


@rule(PAGE, "a-twin-in-flight-409")
@sandbox_only("two requests cannot be made to overlap there for certain")
@differs("D4")
def test_twin_in_flight(api: Api, hand: Running) -> None:
    hand.fault("hang_before", seconds=0.5, path="payment_intents$")
    key, answers = unique(), []
    first = threading.Thread(target=lambda: answers.append(create(api, key)))
    first.start()
    api.eventually(hand.journal)
    twin = create(api, key)
    first.join()
    assert (twin.status, twin.error["code"]) == (409, "idempotency_key_in_use")
    assert create(api, key).body["id"] == answers[0].body["id"]


@rule(PAGE, "a-key-may-be-forgotten-after-24-hours")
@sandbox_only("the clock there is not ours to move")
@pytest.mark.parametrize(("seconds", "same"), [(DAY - 60, True), (DAY + 60, False)], ids=["before", "after"])
def test_a_key_lasts_a_day(api: Api, hand: Running, seconds: int, same: bool) -> None:
    key = unique()
    made = create(api, key).body
    hand.post("clock", {"advance": seconds})
    assert (create(api, key).body["id"] == made["id"]) is same


@rule(PAGE, "a-key-has-at-most-255-characters")
@pytest.mark.parametrize(("length", "status"), [(255, 200), (256, 400)])
def test_length_of_a_key(api: Api, length: int, status: int) -> None:
    assert create(api, unique().ljust(length, "k")).status == status


@rule(PAGE, "get-needs-no-key")
def test_a_key_on_a_get_does_nothing(api: Api) -> None:
    key, intent = unique(), api.intent()
    before = api.get(f"payment_intents/{intent['id']}", once=key)
    api.post(f"payment_intents/{intent['id']}/cancel")
    after = api.get(f"payment_intents/{intent['id']}", once=key)
    assert (before.body["status"], after.body["status"]) == ("requires_payment_method", "canceled")
    assert "Idempotent-Replayed" not in after.headers
