"""When a scripted fault strikes, and what no script may say."""

import pytest
import requests
import stripe

PARAMS = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}
FORM = {"amount": 1500, "currency": "gbp"}
CREATE = {"method": "POST", "path": "/v1/payment_intents$"}


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


def test_a_fault_without_end_strikes_until_it_is_cleared(sandbox, client):
    sandbox.fault("status_before", times=None, **CREATE)
    for _ in range(3):
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create(PARAMS)
    assert sandbox.get("faults")["faults"][0]["times"] is None


def test_a_fault_can_let_some_pass_first(sandbox):
    sandbox.fault("status_before", after=2, **CREATE)
    made = [sandbox.raw("POST", "/v1/payment_intents", data=FORM).status_code for _ in range(4)]
    assert made == [200, 200, 500, 200]


def test_chance_repeats_itself_with_its_seed(sandbox):
    runs = []
    for seed in (20, 20, 21):
        sandbox.post("reset")
        sandbox.post("configure", {"seed": seed})
        sandbox.fault("status_before", probability=0.5, times=None, **CREATE)
        runs.append([sandbox.raw("POST", "/v1/payment_intents", data=FORM).status_code for _ in range(24)])
    assert runs[0] == runs[1] != runs[2]
    assert 4 < runs[0].count(500) < 20


def test_a_reset_begins_chance_anew(sandbox):
    sandbox.post("configure", {"seed": 20})
    runs = []
    for _ in range(2):
        sandbox.post("reset")
        sandbox.fault("status_before", probability=0.5, times=None, **CREATE)
        runs.append([sandbox.raw("POST", "/v1/payment_intents", data=FORM).status_code for _ in range(24)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    "script", [{}, {"fault": "earthquake"}, {"fault": "garbage", "path": "("}, {"fault": "garbage", "colour": "red"}]
)
def test_a_wrong_script_is_refused(sandbox, script):
    assert sandbox.post("faults", script).status_code == 400


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"fault": "garbage", "type": "payment_intent.*"}, "does not take type"),
        ({"fault": "webhook_held", "path": "/v1/"}, "does not take path"),
        ({"fault": "garbage", "probability": 1.5}, "between 0 and 1"),
        ({"fault": "garbage", "times": -1}, "times must be between"),
        ({"fault": "garbage", "times": True}, "int is wanted"),
        ({"fault": "garbage", "status": 200}, "between 400 and 599"),
        ({"fault": "garbage", "status": "429"}, "int is wanted"),
        ({"fault": "hang_after", "seconds": 1e9}, "seconds must be between"),
        ({"fault": "garbage", "path": "("}, "no regular expression"),
        ({"fault": ["garbage"]}, "one of"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_wrong_script_is_told_what_is_wrong(sandbox, script, said):
    refusal = sandbox.post("faults", script)
    assert refusal.status_code == 400
    assert said in refusal.json()["error"]
