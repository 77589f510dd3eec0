"""The journal tells what was asked, and no secret."""

import json
import subprocess
import sys

import pytest
import requests
import stripe

from tests.sandbox.conftest import ACCOUNT, ROOT, TEMPLATE, TOKEN, Running

PARAMS = {"amount": 1500, "currency": "gbp", "metadata": {"booking_id": "7", "number": "12"}}


def test_it_tells_what_each_request_asked_for(sandbox, client):
    client.v1.payment_intents.create({**PARAMS, "allowed_payment_method_types": ["card"]})
    client.v1.events.list({"types": ["payment_intent.*"], "created": {"gte": 5}})
    created, listed = sandbox.journal()
    assert created["parameters"] == {
        "amount": "1500",
        "currency": "gbp",
        "metadata": {"booking_id": "7", "number": "12"},
        "allowed_payment_method_types": {"0": "card"},
    }
    assert listed["parameters"] == {"types": {"0": "payment_intent.*"}, "created": {"gte": "5"}}


def test_it_tells_what_a_request_asked_for_that_was_never_answered(sandbox, client):
    sandbox.fault("reset_before")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(PARAMS)
    (entry,) = sandbox.journal()
    assert entry["parameters"]["metadata"]["booking_id"] == "7"
    assert entry["status"] is None


def test_it_tells_of_twilio_too(sandbox, twilio):
    to = "whatsapp:+4477009001234"
    twilio.messages.create(to=to, from_="whatsapp:+14155238886", content_sid=TEMPLATE, content_variables='{"1":"Ana"}')
    (entry,) = sandbox.journal()
    assert entry["parameters"]["To"] == to
    assert entry["parameters"]["ContentVariables"] == '{"1":"Ana"}'
    assert entry["path"] == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def test_it_can_be_asked_for_some_requests_only(sandbox, client):
    intent = client.v1.payment_intents.create(PARAMS)
    client.v1.payment_intents.retrieve(intent.id)
    client.v1.payment_intents.cancel(intent.id)

    def methods(query):
        return [entry["method"] for entry in sandbox.get(f"requests?{query}")["requests"]]

    assert methods("path=/v1/payment_intents$") == ["POST"]
    assert methods("path=/pi_") == ["GET", "POST"]
    assert methods("method=get") == ["GET"]
    assert methods("path=/cancel$&method=POST&last=5") == ["POST"]
    assert methods("last=2") == ["GET", "POST"]
    for wrong in ("path=(", "last=many"):
        assert requests.get(f"{sandbox.url}/_sandbox/requests?{wrong}", timeout=5).status_code == 400


@pytest.fixture
def logging_sandbox(tmp_path):
    """A sandbox of its own, and all that it prints and logs."""
    written = tmp_path / "log"
    with written.open("w") as log:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--retry-scale", "0.01"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield Running(process.stdout.readline().split()[-1]), lambda: written.read_text()
        finally:
            process.terminate()
            process.communicate(timeout=5)


def test_no_secret_is_in_it_nor_in_the_log(logging_sandbox):
    sandbox, logged = logging_sandbox
    key, hook, number, cvc = "sk_test_canarykey", "whsec_canaryhook", "4000056655665556", "canarycvc"
    sandbox.post(
        "configure", {"webhook_url": "http://ana:canarypass@127.0.0.1:1/?k=canaryquery", "webhook_secrets": [hook]}
    )
    client = sandbox.stripe(key)
    intent = client.v1.payment_intents.create({**PARAMS, "description": f"card {number}, key {key}"})
    path = f"/v1/payment_intents/{intent.id}"
    card = {f"payment_method_data[card][{name}]": value for name, value in {"number": number, "cvc": cvc}.items()}
    paying = {"client_secret": intent.client_secret, "payment_method_data[type]": "card", **card}
    browser = ("pk_test_ana", "")
    answers = [
        sandbox.raw("GET", path, auth=browser, params={"client_secret": intent.client_secret}),
        sandbox.raw("POST", f"{path}/confirm", auth=browser, data=paying),
        sandbox.raw("POST", f"{path}/confirm", data={"a[": number, "client_secret": intent.client_secret}),
        sandbox.raw("GET", f"/v1/{key}", headers={"Idempotency-Key": key}),
        sandbox.raw("POST", path, data={"description": f"see {intent.client_secret}"}),
        sandbox.raw("POST", "/v1/payment_intents", data=json.dumps({"cvc": cvc, "number": number})),
        sandbox.raw(
            "POST",
            f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
            auth=(ACCOUNT, TOKEN),
            data={"Body": f"Bearer {TOKEN}", "AuthToken": TOKEN},
        ),
    ]
    journal = json.dumps(sandbox.journal())
    assert len(sandbox.journal()) == len(answers) + 1
    told = journal + logged()
    for secret in (key, hook, number, cvc, intent.client_secret, TOKEN, "canarypass", "canaryquery"):
        assert secret not in told, secret
    assert intent.id in journal
