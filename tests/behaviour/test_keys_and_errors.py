"""Who may ask what, how a refusal is written, and what happens to those who ask too often."""

import pytest

from tests.behaviour.api import Api
from tests.behaviour.rules import rule, sandbox_only
from tests.sandbox.conftest import Running

ERRORS = "api/errors"


@pytest.fixture
def page(api: Api) -> str:
    """The key a page may know."""
    if not api.publishable:
        pytest.skip("no publishable key: make test-live STRIPE_PUBLISHABLE_KEY=pk_test_…")
    return api.publishable


@rule("api/authentication", "no-key-or-an-unknown-one")
@pytest.mark.parametrize("key", ["", "sk_test_nobody!", "nonsense"])
def test_an_unknown_key(api: Api, key: str) -> None:
    answer = api.get("payment_intents", account=key)
    assert (answer.status, answer.error["type"]) == (401, "invalid_request_error")
    assert answer.error["message"]


@rule(ERRORS, "an-unknown-object")
def test_an_unknown_object(api: Api) -> None:
    answer = api.get("payment_intents/pi_none")
    assert answer.refusal()[:3] == (404, "invalid_request_error", "resource_missing")
    assert "pi_none" in answer.error["message"]


@rule(ERRORS, "an-unknown-address")
def test_an_unknown_address(api: Api) -> None:
    answer = api.get("no_such_thing")
    assert (answer.status, answer.error["type"]) == (404, "invalid_request_error")
    assert answer.error["message"].startswith("Unrecognized request URL (GET: /v1/no_such_thing)")


@rule("api/request_ids", "every-answer-has-one")
@pytest.mark.parametrize(
    ("path", "key"), [("payment_intents", None), ("no_such_thing", None), ("payment_intents", "sk_test_nobody!")]
)
def test_every_answer_names_its_request(api: Api, path: str, key: str | None) -> None:
    answer = api.get(path, {"limit": 1} if path == "payment_intents" else None, account=key)
    assert answer.headers["Request-Id"].startswith("req_")


@rule(ERRORS, "doc_url")
def test_a_code_comes_with_its_page(api: Api) -> None:
    error = api.post("payment_intents", {"currency": "gbp"}).error
    assert error["code"] == "parameter_missing"
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/parameter-missing"


@rule("api/payment_intents/retrieve", "with-the-client-secret")
def test_a_page_sees_an_intent_by_its_secret(api: Api, page: str) -> None:
    intent = api.intent(metadata={"booking": "7"})
    answer = api.get(f"payment_intents/{intent['id']}", {"client_secret": intent["client_secret"]}, account=page)
    assert (answer.status, answer.body["status"]) == (200, "requires_payment_method")
    assert "metadata" not in answer.body


@rule("metadata", "redacted-from-a-page")
def test_a_page_confirms_and_sees_no_metadata(api: Api, page: str) -> None:
    intent = api.intent(metadata={"booking": "7"})
    form = {"client_secret": intent["client_secret"], "payment_method": "pm_card_visa_chargeDeclined"}
    declined = api.post(f"payment_intents/{intent['id']}/confirm", form, account=page)
    assert declined.status == 402
    assert "metadata" not in declined.error["payment_intent"]
    paid = api.post(f"payment_intents/{intent['id']}/confirm", {**form, "payment_method": "pm_card_visa"}, account=page)
    assert paid.body["status"] == "succeeded"


@rule("api/payment_intents/retrieve", "without-the-client-secret")
@pytest.mark.parametrize("given", [{}, {"client_secret": "pi_other_secret_x"}], ids=["missing", "wrong"])
def test_a_page_without_the_secret(api: Api, page: str, given: dict[str, str]) -> None:
    intent = api.intent()
    answer = api.get(f"payment_intents/{intent['id']}", given, account=page)
    assert answer.status in (400, 401, 404)
    assert intent["client_secret"] not in str(answer.body)


@rule("keys", "a-publishable-key-may-do-little")
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "payment_intents"), ("GET", "payment_intents"), ("GET", "events"), ("POST", "refunds")],
)
def test_a_page_may_do_nothing_else(api: Api, page: str, method: str, path: str) -> None:
    answer = api.ask(method, f"/v1/{path}", account=page)
    assert answer.status in (401, 403)
    assert answer.error["type"] == "invalid_request_error"


@rule("rate-limits", "25-a-second-an-endpoint")
@sandbox_only("Stripe asks not to be load-tested")
def test_too_many_requests(api: Api, hand: Running) -> None:
    hand.post("configure", {"rate_limits": True})
    try:
        answers = [api.get("payment_intents/pi_none") for _ in range(60)]
    finally:
        hand.post("configure", {"rate_limits": False})
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert [answer.status for answer in answers[:25]] == [404] * 25
    assert (refused[0].error["type"], refused[0].error["code"]) == ("invalid_request_error", "rate_limit")


@rule("error-low-level", "a-rate-limit-leaves-the-idempotency-key-free")
@sandbox_only("Stripe asks not to be load-tested")
def test_a_refusal_by_rate_is_not_kept(api: Api, hand: Running) -> None:
    hand.fault("status_before", status=429)
    assert api.post("payment_intents", {"amount": 900, "currency": "gbp"}, once="seven").status == 429
    assert api.post("payment_intents", {"amount": 900, "currency": "gbp"}, once="seven").status == 200
