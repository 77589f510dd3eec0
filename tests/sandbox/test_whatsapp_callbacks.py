"""What can go wrong with Twilio's status callbacks."""

from tests.sandbox.conftest import eventually
from tests.sandbox.test_whatsapp import send, told


def heard(receiver):
    return [one["MessageStatus"] for one in told(receiver)]


def sent_to_its_end(twilio, receiver):
    message = send(twilio, status_callback=f"{receiver.url}/status/")
    eventually(lambda: twilio.messages(message.sid).fetch().status == "read")
    return message


def test_a_callback_is_dropped(sandbox, twilio, receiver):
    sandbox.fault("callback_dropped", type="delivered")
    sent_to_its_end(twilio, receiver)
    eventually(lambda: heard(receiver) == ["sent", "read"])


def test_a_callback_is_doubled(sandbox, twilio, receiver):
    sandbox.fault("callback_doubled", type="read", copies=3)
    sent_to_its_end(twilio, receiver)
    eventually(lambda: heard(receiver) == ["sent", "delivered", "read", "read", "read"])
    assert len({body for _, _, body in receiver.received[2:]}) == 1


def test_a_callback_is_late(sandbox, twilio, receiver):
    sandbox.fault("callback_delayed", type="sent", seconds=0.3)
    sent_to_its_end(twilio, receiver)
    eventually(lambda: heard(receiver) == ["delivered", "read", "sent"])


def test_the_callbacks_of_a_message_come_in_reverse(sandbox, twilio, receiver):
    sandbox.fault("callback_shuffled")
    sent_to_its_end(twilio, receiver)
    eventually(lambda: heard(receiver) == ["read", "delivered", "sent"])


def test_a_fault_of_callbacks_leaves_requests_and_events_alone(sandbox, twilio, client, receiver):
    sandbox.fault("callback_dropped", times=None)
    client.v1.payment_intents.create({"amount": 900, "currency": "gbp"})
    sent_to_its_end(twilio, receiver)
    eventually(lambda: receiver.events("payment_intent.created"))
    assert [path for path, _, _ in receiver.received] == ["/webhook/"]


def test_a_fault_says_only_what_it_understands(sandbox):
    refused = sandbox.post("faults", {"fault": "callback_dropped", "path": "/Messages"})
    assert refused.status_code == 400
    assert "callback_dropped does not take path" in refused.json()["error"]
    scripted = sandbox.post("faults", {"fault": "callback_shuffled"}).json()
    assert scripted.keys() == {"fault", "times", "after", "probability", "seconds", "type", "copies"}
