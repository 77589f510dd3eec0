"""How many requests, which versions, which sums: what Stripe refuses however well a request is meant."""

import re
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import stripe

from tests.sandbox.conftest import Running, serving

GOOD = {"amount": "1500", "currency": "gbp"}


@pytest.fixture
def limited(sandbox):
    sandbox.post("configure", {"rate_limits": True})
    yield sandbox
    sandbox.post("configure", {"rate_limits": False})


def burst(sandbox, paths, method="GET", form=""):
    """Requests sent all at once over one connection, each under its own key: the answers, and how long they took."""
    place, began = urlsplit(sandbox.url), time.monotonic()
    fixed = f"Host: {place.netloc}\r\nAuthorization: Bearer sk_test_ana\r\nContent-Length: {len(form)}\r\n"
    asked = [
        f"{method} {path} HTTP/1.1\r\n{fixed}Idempotency-Key: k{number}\r\n"
        f"Connection: {'close' if number == len(paths) else 'keep-alive'}\r\n\r\n{form}"
        for number, path in enumerate(paths, start=1)
    ]
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        threading.Thread(target=connection.sendall, args=["".join(asked).encode()], daemon=True).start()
        whole = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    answers = re.split(r"HTTP/1\.1 (?=\d{3} )", whole)[1:]
    assert len(answers) == len(paths)
    return answers, time.monotonic() - began


def statuses(answers):
    return [int(answer[:3]) for answer in answers]


def test_an_endpoint_takes_25_at_once_and_25_a_second(limited):
    answers, took = burst(limited, ["/v1/payment_intents/pi_none"] * 200)
    found = statuses(answers)
    assert found[:25] == [404] * 25
    assert 429 in found
    assert 25 <= found.count(404) <= 26 + 25 * took
    assert limited.raw("GET", "/v1/refunds").status_code == 200


def test_all_endpoints_together_take_100_at_once_and_100_a_second(limited):
    kinds = ("payment_intents", "charges", "refunds", "disputes", "customers", "events")
    answers, took = burst(limited, [f"/v1/{kind}" for kind in kinds * 100])
    found = statuses(answers)
    assert found[:100] == [200] * 100
    assert 429 in found
    assert found.count(200) <= 101 + 100 * took


def test_a_refusal_by_rate_says_so_and_leaves_the_idempotency_key_free(limited):
    answers, _ = burst(limited, ["/v1/payment_intents"] * 200, method="POST", form="amount=1500&currency=gbp")
    key, refused = next((n, answer) for n, answer in enumerate(answers, start=1) if answer.startswith("429"))
    assert '"code": "rate_limit"' in refused
    assert "Stripe-Rate-Limited-Reason: endpoint-rate" in refused
    limited.post("configure", {"rate_limits": False})
    again = limited.raw("POST", "/v1/payment_intents", data=GOOD, headers={"Idempotency-Key": f"k{key}"})
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (200, None)


def test_nothing_is_limited_unless_that_is_wanted(sandbox):
    answers, _ = burst(sandbox, ["/v1/payment_intents"] * 200)
    assert set(statuses(answers)) == {200}


@pytest.mark.parametrize(
    "version", ["yesterday", "2026-10-28", "2026-13-01.endive", "2027-01-27.future", "2020-08-27.endive", "2026-10-28."]
)
def test_a_version_that_is_none_is_refused(sandbox, version):
    answer = sandbox.raw("GET", "/v1/events", headers={"Stripe-Version": version})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert version in answer.json()["error"]["message"]


@pytest.mark.parametrize("version", ["2026-10-28.endive", "2026-07-29.dahlia", "2020-08-27"])
def test_a_version_that_was_is_accepted(sandbox, version):
    assert sandbox.raw("GET", "/v1/events", headers={"Stripe-Version": version}).status_code == 200


def test_an_older_version_does_not_know_the_newer_parameter(sandbox):
    form, old = {**GOOD, "allowed_payment_method_types[]": "card"}, {"Stripe-Version": "2026-03-25.dahlia"}
    error = sandbox.raw("POST", "/v1/payment_intents", data=form, headers=old).json()["error"]
    assert (error["code"], error["param"]) == ("parameter_unknown", "allowed_payment_method_types")


@pytest.mark.parametrize(
    ("amount", "currency", "status"),
    [(1000, "kwd", 200), (1005, "kwd", 400), (1005, "jpy", 200), (1, "isk", 200), (1, "usd", 400), (500, "xyz", 400)],
)
def test_the_sum_must_fit_its_currency(sandbox, amount, currency, status):
    answer = sandbox.raw("POST", "/v1/payment_intents", data={"amount": amount, "currency": currency})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("name", ["return_url", "off_session", "error_on_requires_action"])
def test_what_is_for_confirming_needs_a_confirmation(client, name):
    value = "http://localhost/" if name == "return_url" else True
    with pytest.raises(stripe.InvalidRequestError, match="confirm=true") as refusal:
        client.v1.payment_intents.create({"amount": 500, "currency": "gbp", name: value})
    assert refusal.value.error.param == name


def test_options_of_cards_are_kept(client, intent):
    options = {"payment_method_options": {"card": {"request_three_d_secure": "any"}}}
    client.v1.payment_intents.update(intent.id, options)
    kept = client.v1.payment_intents.retrieve(intent.id).payment_method_options
    assert kept.card.request_three_d_secure == "any"


def test_an_idempotency_key_lives_for_a_day_of_the_sandboxs_clock(sandbox, client):
    params, options = {"amount": 500, "currency": "gbp"}, {"idempotency_key": "seven"}
    first = client.v1.payment_intents.create(params, options).id
    sandbox.post("clock", {"advance": 86_300})
    assert client.v1.payment_intents.create(params, options).id == first
    sandbox.post("clock", {"advance": 200})
    assert client.v1.payment_intents.create(params, options).id != first


def test_only_the_latest_events_are_kept():
    with serving("--events-kept", "20") as (_, url):
        sandbox = Running(url)
        for _ in range(40):
            sandbox.raw("POST", "/v1/payment_intents", data=GOOD)
        events = sandbox.raw("GET", "/v1/events?limit=100").json()["data"]
        assert 20 <= len(events) <= 22
        newest = sandbox.raw("GET", "/v1/payment_intents?limit=1").json()["data"][0]["id"]
        assert events[0]["data"]["object"]["id"] == newest
        assert sandbox.raw("GET", f"/v1/events/{events[-1]['id']}").status_code == 200
