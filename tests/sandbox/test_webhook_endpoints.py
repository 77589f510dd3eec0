"""The endpoint that is set is the one Stripe would list, and it is told of what it asked for alone."""

import pytest
import stripe

from tests.contract.objects import problems
from tests.sandbox.conftest import API_VERSION, SECRETS, eventually


@pytest.fixture
def choosy(sandbox, receiver):
    sandbox.post("configure", {"webhook_events": ["payment_intent.canceled"]})
    yield receiver
    sandbox.post("configure", {"webhook_events": ["*"]})


def test_none_is_listed_before_one_is_set(sandbox, client):
    sandbox.post("configure", {"webhook_url": None})
    assert client.v1.webhook_endpoints.list().data == []


def test_the_one_that_is_set_is_listed_without_its_secret(client, receiver):
    [endpoint] = client.v1.webhook_endpoints.list({"limit": 100}).data
    assert problems(stripe.WebhookEndpoint, endpoint.to_dict(), "endpoint") == []
    assert (endpoint.url, endpoint.status, endpoint.enabled_events) == (f"{receiver.url}/webhook/", "enabled", ["*"])
    assert (endpoint.api_version, endpoint.livemode) == (API_VERSION, False)
    assert not any(secret in str(endpoint) for secret in SECRETS)
    assert client.v1.webhook_endpoints.retrieve(endpoint.id).url == endpoint.url
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.retrieve("we_none")
    assert refused.value.code == "resource_missing"


def test_it_is_told_of_the_events_it_asked_for_alone(client, choosy, intent):
    client.v1.payment_intents.cancel(intent.id)
    eventually(lambda: choosy.events("payment_intent.canceled"))
    assert [event["type"] for event in choosy.events()] == ["payment_intent.canceled"]
    assert client.v1.webhook_endpoints.list().data[0].enabled_events == ["payment_intent.canceled"]


def test_pages_may_not_see_it(sandbox, receiver):
    answer = sandbox.raw("GET", "/v1/webhook_endpoints", auth=("pk_test_x", ""))
    assert answer.status_code in (401, 403)
