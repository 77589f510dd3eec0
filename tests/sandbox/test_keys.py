import pytest
import stripe


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x", "pk_live_x", "anything_live_x"])
def test_a_live_key_is_refused(sandbox, key):
    with pytest.raises(stripe.AuthenticationError, match="refuses live keys"):
        sandbox.stripe(key).v1.payment_intents.list()
    assert "live_x" not in str(sandbox.journal())


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic %%%"}, {"Authorization": "Digest sk_test_a"}],
    ids=["none", "unknown", "unreadable", "scheme"],
)
def test_a_missing_or_unknown_key_is_refused_in_stripes_shape(sandbox, headers):
    answer = sandbox.raw("GET", "/v1/payment_intents", auth=None, headers=headers)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "invalid_request_error")


@pytest.mark.parametrize("key", ["sk_test_x", "rk_test_x"])
def test_secret_and_restricted_test_keys_are_accepted_both_ways(sandbox, key):
    assert sandbox.raw("GET", "/v1/events", auth=(key, "")).status_code == 200
    bearer = {"Authorization": f"Bearer {key}"}
    assert sandbox.raw("GET", "/v1/events", auth=None, headers=bearer).status_code == 200


def as_page(sandbox, method, path, **options):
    headers = {"Authorization": "Bearer pk_test_page", "Origin": "http://localhost:8000"}
    return sandbox.raw(method, path, auth=None, headers=headers, **options)


def test_a_page_retrieves_an_intent_with_its_secret_and_sees_no_metadata(sandbox, intent):
    answer = as_page(sandbox, "GET", f"/v1/payment_intents/{intent.id}", params={"client_secret": intent.client_secret})
    assert answer.json()["id"] == intent.id
    assert "metadata" not in answer.json()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_page_confirms_an_intent_with_its_secret(sandbox, intent):
    form = {"client_secret": intent.client_secret, "payment_method": "pm_card_chargeDeclined"}
    declined = as_page(sandbox, "POST", f"/v1/payment_intents/{intent.id}/confirm", data=form)
    assert declined.status_code == 402
    assert "metadata" not in declined.json()["error"]["payment_intent"]
    form["payment_method"] = "pm_card_visa"
    assert (
        as_page(sandbox, "POST", f"/v1/payment_intents/{intent.id}/confirm", data=form).json()["status"] == "succeeded"
    )


@pytest.mark.parametrize("secret", [{}, {"client_secret": "pi_other_secret_x"}], ids=["missing", "wrong"])
def test_a_page_without_the_secret_is_refused(sandbox, intent, secret):
    for method, path in (("GET", ""), ("POST", "/confirm")):
        given = {"params": secret} if method == "GET" else {"data": secret}
        answer = as_page(sandbox, method, f"/v1/payment_intents/{intent.id}{path}", **given)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "client_secret")
        assert intent.client_secret not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/payment_intents"),
        ("GET", "/v1/payment_intents"),
        ("POST", "/v1/payment_intents/{}/cancel"),
        ("GET", "/v1/events"),
    ],
)
def test_a_page_may_do_nothing_else(sandbox, intent, method, path):
    answer = as_page(sandbox, method, path.format(intent.id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "secret_key_required")


def test_a_browser_may_ask_first(sandbox, intent):
    for path in ("", "/confirm"):
        answer = sandbox.raw("OPTIONS", f"/v1/payment_intents/{intent.id}{path}", auth=None)
        assert answer.status_code == 204
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_pages_of_other_sites_cannot_steer_the_sandbox(sandbox):
    for headers in ({"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}):
        assert sandbox.raw("POST", "/_sandbox/reset", auth=None, headers=headers).status_code == 403
    own = {"Origin": "http://localhost:8000"}
    assert sandbox.raw("POST", "/_sandbox/reset", auth=None, headers=own).status_code == 204


def test_the_journal_holds_no_credential_and_no_secret(sandbox, intent):
    as_page(sandbox, "GET", f"/v1/payment_intents/{intent.id}", params={"client_secret": intent.client_secret})
    written = str(sandbox.journal())
    assert intent.id in written
    assert "_secret_" not in written
    assert "sk_test" not in written
    assert "pk_test" not in written
