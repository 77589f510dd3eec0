import json

import pytest
import stripe

from tests.sandbox.conftest import API_VERSION, SECRETS, eventually


def test_an_event_arrives_signed_with_every_secret(client, receiver, intent):
    eventually(receiver.events)
    path, headers, body = receiver.received[0]
    assert path == "/webhook/"
    assert headers["Stripe-Signature"].count("v1=") == 2
    for secret in SECRETS:
        event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)
        assert (event.type, event.data.object.id) == ("payment_intent.created", intent.id)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_other")


def test_an_event_names_its_version_mode_and_request(client, receiver):
    intent = client.v1.payment_intents.create({"amount": 900, "currency": "eur"}, {"idempotency_key": "booking-7"})
    event = eventually(receiver.events)[0]
    assert (event["object"], event["api_version"], event["livemode"]) == ("event", API_VERSION, False)
    assert event["request"] == {
        "id": intent.last_response.headers["Request-Id"],
        "idempotency_key": "booking-7",
    }
    assert event["id"].startswith("evt_")
    assert event["pending_webhooks"] == 1


@pytest.mark.parametrize(
    ("card", "kind"),
    [
        ("pm_card_visa", "payment_intent.succeeded"),
        ("pm_card_chargeDeclined", "payment_intent.payment_failed"),
        ("pm_card_authenticationRequired", "payment_intent.requires_action"),
        ("pm_sandbox_processing", "payment_intent.processing"),
    ],
)
def test_each_end_of_a_confirmation_has_its_event(sandbox, receiver, intent, card, kind):
    sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": card})
    event = eventually(lambda: receiver.events(kind))[0]
    assert event["data"]["object"]["id"] == intent.id


def test_a_cancelled_intent_has_its_event(client, receiver, intent):
    client.v1.payment_intents.cancel(intent.id)
    assert eventually(lambda: receiver.events("payment_intent.canceled"))


def test_the_snapshot_is_frozen_when_the_event_happens(client, receiver, intent):
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    eventually(lambda: len(receiver.events()) == 3)
    created = receiver.events("payment_intent.created")[0]
    assert created["data"]["object"]["status"] == "requires_payment_method"
    again = client.v1.events.retrieve(created["id"])
    assert again.data.object.status == "requires_payment_method"


@pytest.mark.parametrize("failure", [500, 404, 301, 302, 307])
def test_anything_but_2xx_is_tried_again_with_the_same_event(client, receiver, failure):
    receiver.answers = [failure, failure]
    intent = client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    eventually(lambda: len(receiver.received) == 3)
    assert {path for path, _, _ in receiver.received} == {"/webhook/"}
    bodies = {body for _, _, body in receiver.received}
    assert len(bodies) == 1
    assert json.loads(bodies.pop())["data"]["object"]["id"] == intent.id
    eventually(lambda: client.v1.events.list().data[0].pending_webhooks == 0)


def test_what_was_not_delivered_can_be_listed(client, receiver):
    receiver.answers = [500] * 100
    client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    eventually(lambda: receiver.received)
    assert len(client.v1.events.list({"delivery_success": False}).data) == 1
    receiver.answers = []
    eventually(lambda: not client.v1.events.list({"delivery_success": False}).data)


def test_a_slow_delivery_holds_up_no_other(client, receiver):
    receiver.held.clear()
    receiver.hold_first_of = "slow-one"
    client.v1.payment_intents.create({"amount": 900, "currency": "eur", "description": "slow-one"})
    eventually(lambda: receiver.received)
    client.v1.payment_intents.create({"amount": 900, "currency": "eur", "description": "other"})
    eventually(lambda: len(receiver.received) == 2, within=2)
    receiver.held.set()


def test_an_event_can_be_delivered_again_now(sandbox, client, receiver, intent):
    event = eventually(receiver.events)[0]
    receiver.answers = [503]
    for status in (503, 200):
        told = sandbox.post(f"events/{event['id']}/deliver").json()
        assert told == {"event": event["id"], "status": status, "error": None}
    assert len(receiver.events()) == 3
    assert len({one["id"] for one in receiver.events()}) == 1
    assert sandbox.post("events/evt_none/deliver").status_code == 404


def test_without_a_url_nothing_is_delivered(sandbox, client, intent):
    event = client.v1.events.list().data[0]
    assert event.pending_webhooks == 0
    assert sandbox.post(f"events/{event.id}/deliver").status_code == 409


def test_a_reset_forgets_everything_and_stops_delivering(sandbox, client, receiver):
    receiver.answers = [500] * 100
    client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    eventually(lambda: receiver.received)
    assert sandbox.post("reset").status_code == 204
    assert client.v1.payment_intents.list().data == []
    assert client.v1.events.list().data == []
    assert [entry["path"] for entry in sandbox.journal()] == ["/v1/payment_intents", "/v1/events"]


@pytest.mark.parametrize("wrong", [{"webhook_url": 5}, {"colour": "red"}, {"webhook_secrets": "one"}])
def test_a_wrong_configuration_is_refused(sandbox, wrong):
    assert sandbox.post("configure", wrong).status_code == 400
