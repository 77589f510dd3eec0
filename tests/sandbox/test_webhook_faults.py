"""What a network can do to the delivery of events, seen by a receiver that checks as Stripe's SDK does."""

import json
import time

import pytest
import stripe

from tests.sandbox.conftest import API_VERSION, SECRETS, eventually

PARAMS = {"amount": 1500, "currency": "gbp", "allowed_payment_method_types": ["card"]}
CREATED = "payment_intent.created"


@pytest.fixture
def create(client):
    return lambda **more: client.v1.payment_intents.create({**PARAMS, **more})


def deliveries(sandbox, **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return sandbox.get(f"deliveries?{asked}")["deliveries"]


def states(sandbox):
    return [one["state"] for one in deliveries(sandbox)]


def verified(receiver, place=0):
    _, headers, body = receiver.received[place]
    return stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRETS[0])


def test_a_delivery_is_written_down(sandbox, receiver, create):
    receiver.answers = [503]
    intent = create()
    eventually(lambda: states(sandbox) == ["failed", "delivered"])
    first, second = deliveries(sandbox)
    assert first | {"at": 0, "event": ""} == {
        "event": "",
        "type": CREATED,
        "object": intent.id,
        "attempt": 1,
        "at": 0,
        "status": 503,
        "error": None,
        "as": "itself",
        "state": "failed",
    }
    assert (second["event"], second["attempt"], second["status"]) == (first["event"], 2, 200)
    assert second["at"] >= first["at"]
    assert deliveries(sandbox, last=1) == [second]
    assert deliveries(sandbox, event="evt_none") == []


def test_a_receiver_that_always_refuses_is_given_up(sandbox, receiver, create):
    sandbox.post("configure", {"webhook_url": "http://127.0.0.1:1/"})
    create()
    # The waits of this sandbox are a twentieth of 104 seconds.
    eventually(lambda: states(sandbox)[-1] == "given_up", within=10)
    assert [one["attempt"] for one in deliveries(sandbox)] == [1, 2, 3, 4, 5, 6]
    assert deliveries(sandbox)[0]["error"]


def test_a_dropped_event_never_comes_and_counts_as_undelivered(sandbox, client, receiver, create):
    sandbox.fault("webhook_dropped", type=CREATED)
    lost = create()
    other = create()
    eventually(receiver.events)
    assert [event["data"]["object"]["id"] for event in receiver.events()] == [other.id]
    assert states(sandbox) == ["dropped", "delivered"]
    missing = client.v1.events.list({"delivery_success": False}).data
    assert [event.data.object.id for event in missing] == [lost.id]


def test_a_fault_waits_for_its_type_of_event(sandbox, client, receiver, create):
    sandbox.fault("webhook_dropped", type="*.canceled", times=None)
    intent = create()
    client.v1.payment_intents.cancel(intent.id)
    eventually(lambda: states(sandbox) == ["delivered", "dropped"])


def test_a_doubled_event_comes_as_often_as_told(sandbox, receiver, create):
    sandbox.fault("webhook_doubled", copies=3)
    create()
    eventually(lambda: states(sandbox) == ["delivered"] * 3)
    assert len({body for _, _, body in receiver.received}) == 1


def test_a_delayed_event_comes_later_than_one_that_followed_it(sandbox, receiver, create):
    sandbox.fault("webhook_delayed", seconds=0.5)
    slow, quick = create(), create()
    begun = time.monotonic()
    eventually(lambda: len(receiver.received) == 2)
    assert time.monotonic() - begun >= 0.3
    assert [event["data"]["object"]["id"] for event in receiver.events()] == [quick.id, slow.id]


def test_held_events_come_when_they_are_released(sandbox, receiver, create):
    sandbox.fault("webhook_held")
    made = [create().id for _ in range(3)]
    assert states(sandbox) == ["held"] * 3
    released = sandbox.post("webhooks/release").json()["events"]
    assert released == [one["event"] for one in deliveries(sandbox)]
    eventually(lambda: states(sandbox) == ["delivered"] * 3)
    assert [event["data"]["object"]["id"] for event in receiver.events()] == made


def test_a_release_can_shuffle_as_its_seed_says(sandbox, receiver, create):
    sandbox.fault("webhook_held")
    orders = []
    for _ in range(2):
        sandbox.post("configure", {"seed": 7})
        made = [create().id for _ in range(6)]
        before = len(receiver.received)
        sandbox.post("webhooks/release", {"shuffle": True})
        eventually(lambda before=before: len(receiver.received) == before + 6)
        orders.append([made.index(event["data"]["object"]["id"]) for event in receiver.events()[before:]])
    assert orders[0] == orders[1] != [0, 1, 2, 3, 4, 5]


def test_shuffled_events_wait_for_a_handful_and_come_out_of_order(sandbox, receiver, create):
    sandbox.fault("webhook_shuffled", copies=3, seconds=60)
    made = [create().id, create().id]
    assert states(sandbox) == ["held"] * 2
    made.append(create().id)
    eventually(lambda: len(receiver.received) == 3)
    came = [event["data"]["object"]["id"] for event in receiver.events()]
    assert came != made
    assert sorted(came) == sorted(made)


def test_a_handful_that_never_fills_is_delivered_all_the_same(sandbox, receiver, create):
    sandbox.fault("webhook_shuffled", copies=100, seconds=0.1)
    create()
    eventually(lambda: states(sandbox) == ["delivered"])


@pytest.mark.parametrize("look", ["forged", "stale"])
def test_a_delivery_can_fail_its_verification(sandbox, client, receiver, create, look):
    sandbox.fault(f"webhook_{look}")
    create()
    eventually(lambda: states(sandbox) == ["delivered"])
    with pytest.raises(stripe.SignatureVerificationError):
        verified(receiver)
    # Whatever the receiver makes of it, the true event never came.
    assert len(client.v1.events.list({"delivery_success": False}).data) == 1


@pytest.mark.parametrize(
    ("look", "what", "shown"),
    [
        ("other_mode", lambda event: (event["livemode"], event["data"]["object"]["livemode"]), (True, True)),
        ("other_version", lambda event: event["api_version"] != API_VERSION, True),
        ("other_amount", lambda event: event["data"]["object"]["amount"], 1501),
        ("thin", lambda event: (event["object"], event["type"]), ("v2.core.event", f"v1.{CREATED}")),
    ],
    ids=["other_mode", "other_version", "other_amount", "thin"],
)
def test_a_delivery_can_tell_something_else_and_be_signed_well(sandbox, client, receiver, create, look, what, shown):
    sandbox.fault(f"webhook_{look}")
    create()
    eventually(lambda: states(sandbox) == ["delivered"])
    _, headers, body = receiver.received[0]
    stripe.WebhookSignature.verify_header(body, headers["Stripe-Signature"], SECRETS[0], 300)
    assert what(json.loads(body)) == shown
    assert deliveries(sandbox)[0]["as"] == look
    assert client.v1.events.list().data[0].data.object.amount == 1500


def test_an_altered_delivery_can_come_before_the_true_one(sandbox, client, receiver, create):
    sandbox.fault("webhook_forged", extra=True)
    receiver.answers = [400]
    create()
    eventually(lambda: states(sandbox) == ["failed", "delivered"])
    assert [one["as"] for one in deliveries(sandbox)] == ["forged", "itself"]
    with pytest.raises(stripe.SignatureVerificationError):
        verified(receiver)
    assert verified(receiver, 1).type == CREATED


def test_an_altered_delivery_is_tried_once(sandbox, receiver, create):
    receiver.answers = [400]
    sandbox.fault("webhook_stale")
    create()
    eventually(lambda: states(sandbox) == ["failed"])
    create()
    eventually(lambda: states(sandbox) == ["failed", "delivered"])


def test_any_event_can_be_delivered_altered_now(sandbox, client, receiver, intent):
    event = eventually(receiver.events)[0]
    assert sandbox.post(f"events/{event['id']}/deliver", {"as": "forged"}).json()["status"] == 200
    with pytest.raises(stripe.SignatureVerificationError):
        verified(receiver, 1)
    refusal = sandbox.post(f"events/{event['id']}/deliver", {"as": "a poem"})
    assert refusal.status_code == 400
    assert "forged" in refusal.json()["error"]


def test_a_signature_is_stamped_by_the_machine_however_the_clock_was_moved(sandbox, receiver, create):
    sandbox.post("clock", {"advance": 86_400})
    intent = create()
    eventually(receiver.events)
    event = verified(receiver)
    stamped = int(receiver.received[0][1]["Stripe-Signature"].split(",")[0].removeprefix("t="))
    assert abs(stamped - time.time()) < 60
    assert event.created == intent.created
    assert event.created > time.time() + 86_000


def test_chance_repeats_itself_with_its_seed(sandbox, receiver, create):
    runs = []
    for _ in range(2):
        sandbox.post("reset")
        sandbox.post("configure", {"seed": 20})
        sandbox.fault("webhook_dropped", probability=0.5, times=None)
        for _ in range(20):
            create()
        runs.append([one["state"] == "dropped" for one in deliveries(sandbox)])
    assert runs[0] == runs[1]
    assert 3 < sum(runs[0]) < 17


def test_a_reset_lets_nothing_that_waits_go(sandbox, receiver, create):
    sandbox.fault("webhook_delayed", seconds=0.2)
    sandbox.fault("webhook_held", times=1)
    create()
    create()
    sandbox.post("reset")
    assert sandbox.post("webhooks/release").json() == {"events": []}
    create()
    eventually(receiver.received.copy)
    time.sleep(0.3)  # longer than the delay of the one that was given up
    assert len(receiver.received) == 1
