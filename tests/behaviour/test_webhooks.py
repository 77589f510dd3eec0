"""How an event reaches its endpoint: signed, again and again until it is taken, as it was when it happened."""

import hashlib
import hmac
import json
import re

import pytest

from tests.behaviour.api import VERSION, Api
from tests.behaviour.rules import differs, rule, sandbox_only
from tests.contract import objects
from tests.sandbox.conftest import SECRETS, Receiver

NO_ENDPOINT = "no endpoint of this machine can be reached from there"
WEBHOOKS = "webhooks"


@rule(WEBHOOKS, "verify-manually")
@sandbox_only(NO_ENDPOINT)
def test_the_signature_is_an_hmac_of_moment_and_body(api: Api, receiver: Receiver) -> None:
    api.intent()
    api.eventually(lambda: receiver.received)
    _, headers, body = receiver.received[0]
    header = headers["Stripe-Signature"]
    assert re.fullmatch(r"t=\d+(,v1=[0-9a-f]{64})+", header)
    moment = header.split(",")[0][2:]
    wanted = [hmac.new(one.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest() for one in SECRETS]
    assert re.findall(r"v1=([0-9a-f]+)", header) == wanted


@rule(WEBHOOKS, "roll-secrets")
@sandbox_only(NO_ENDPOINT)
def test_each_secret_in_force_signs(api: Api, receiver: Receiver) -> None:
    api.intent()
    api.eventually(lambda: receiver.received)
    assert receiver.received[0][1]["Stripe-Signature"].count("v1=") == len(SECRETS)


@rule(WEBHOOKS, "the-event-object-is-the-body")
@sandbox_only(NO_ENDPOINT)
def test_the_body_is_the_event(api: Api, receiver: Receiver) -> None:
    intent = api.intent()
    api.eventually(lambda: receiver.received)
    sent = json.loads(receiver.received[0][2])
    assert objects.of_answer(sent) == []
    assert (sent["api_version"], sent["data"]["object"]["id"]) == (VERSION, intent["id"])
    assert api.get(f"events/{sent['id']}").body["data"] == sent["data"]


@rule(WEBHOOKS, "anything-but-2xx-is-tried-again")
@sandbox_only(NO_ENDPOINT)
@differs("D7")
@pytest.mark.parametrize("failure", [301, 302, 400, 404, 500])
def test_a_failed_delivery_is_tried_again(api: Api, receiver: Receiver, failure: int) -> None:
    receiver.answers = [failure]
    api.intent()
    api.eventually(lambda: len(receiver.received) == 2)
    assert receiver.received[0][2] == receiver.received[1][2]
    assert {path for path, _, _ in receiver.received} == {"/webhook/"}


@rule(WEBHOOKS, "pending_webhooks")
@sandbox_only(NO_ENDPOINT)
def test_a_taken_event_waits_no_more(api: Api, receiver: Receiver) -> None:
    intent = api.intent()
    api.eventually(lambda: receiver.received)
    api.eventually(lambda: api.events(intent)[0]["pending_webhooks"] == 0)


@rule("api/webhook_endpoints/list", "secret-only-at-creation")
@differs("D11")
def test_a_list_of_endpoints_tells_no_secret(api: Api) -> None:
    answer = api.get("webhook_endpoints", {"limit": 100})
    assert (answer.status, answer.body["object"], answer.body["url"]) == (200, "list", "/v1/webhook_endpoints")
    assert not [endpoint for endpoint in answer.body["data"] if endpoint.get("secret")]
