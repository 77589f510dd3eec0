import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.sandbox.conftest import ACCOUNT, TEMPLATE, TOKEN, Rerouted, eventually

ANA = "whatsapp:+447700900123"
STUDIO = "whatsapp:+14155238886"


def send(twilio, **given):
    message = {
        "to": ANA,
        "from_": STUDIO,
        "content_sid": TEMPLATE,
        "content_variables": json.dumps({"1": "Ana", "2": "Morning yoga"}),
    }
    return twilio.messages.create(**{name: value for name, value in (message | given).items() if value is not None})


def told(receiver):
    return [dict(parse_qsl(body)) for _, _, body in list(receiver.received)]


def test_a_template_message_is_accepted(sandbox, twilio):
    message = send(twilio)
    assert message.sid.startswith("SM")
    assert (message.status, message.to, message.from_) == ("queued", ANA, STUDIO)
    assert message.error_code is None
    assert message.date_created.tzinfo is not None
    assert twilio.messages(message.sid).fetch().sid == message.sid
    kept = sandbox.get("messages")["messages"][0]
    assert (kept["body"], kept["content_sid"]) == ("Ana | Morning yoga", TEMPLATE)
    assert kept["variables"] == {"1": "Ana", "2": "Morning yoga"}


def test_its_statuses_follow_in_signed_callbacks(twilio, receiver):
    url = f"{receiver.url}/status/7/"
    message = send(twilio, status_callback=url)
    eventually(lambda: len(receiver.received) == 3)
    assert [one["MessageStatus"] for one in told(receiver)] == ["sent", "delivered", "read"]
    for path, headers, body in receiver.received:
        form = dict(parse_qsl(body))
        assert path == "/status/7/"
        assert RequestValidator(TOKEN).validate(url, form, headers["X-Twilio-Signature"])
        assert (form["MessageSid"], form["To"], form["From"]) == (message.sid, ANA, STUDIO)
        assert form["AccountSid"] == ACCOUNT
        assert "ErrorCode" not in form
    after = twilio.messages(message.sid).fetch()
    assert after.status == "read"
    assert after.date_sent is not None


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"content_sid": None, "content_variables": None, "body": "Hello"}, "failed", 63016),
        ({"to": "whatsapp:+15005550063"}, "undelivered", 63024),
    ],
    ids=["free text", "unreachable"],
)
def test_some_messages_are_accepted_and_fail_later(twilio, receiver, given, status, code):
    message = send(twilio, status_callback=f"{receiver.url}/status/", **given)
    assert message.status == "queued"
    eventually(lambda: receiver.received)
    assert (told(receiver)[0]["MessageStatus"], told(receiver)[0]["ErrorCode"]) == (status, str(code))
    assert twilio.messages(message.sid).fetch().error_code == code


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"to": "+447700900123"}, 400, 21211),
        ({"to": "whatsapp:447700900123"}, 400, 21211),
        ({"to": "whatsapp:+15005550001"}, 400, 21211),
        ({"to": "whatsapp:+15005550009"}, 400, 21610),
        ({"to": "whatsapp:+15005550429"}, 429, 20429),
        ({"to": "whatsapp:+15005550500"}, 500, 20500),
        ({"from_": None}, 400, 21603),
        ({"from_": "+14155238886"}, 400, 63007),
        ({"content_sid": None}, 400, 21602),
        ({"content_sid": "HX1"}, 400, 21655),
        ({"content_variables": "not JSON"}, 400, 21656),
        ({"content_variables": "[]"}, 400, 21656),
        ({"content_variables": '{"1": ""}'}, 400, 21656),
        ({"content_variables": '{"1": 5}'}, 400, 21656),
        ({"status_callback": "nowhere"}, 400, 21609),
    ],
    ids=str,
)
def test_a_message_twilio_would_not_take_is_refused(sandbox, twilio, given, status, code):
    with pytest.raises(TwilioRestException) as refusal:
        send(twilio, **given)
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert sandbox.get("messages")["messages"] == []


def test_callbacks_can_be_switched_off(sandbox, twilio, receiver):
    sandbox.post("configure", {"twilio_callbacks": False})
    message = send(twilio, status_callback=f"{receiver.url}/status/")
    eventually(lambda: twilio.messages(message.sid).fetch().status == "read")
    assert receiver.received == []


def test_messages_are_listed_newest_first_and_filtered(twilio):
    first, second, other = send(twilio), send(twilio), send(twilio, to="whatsapp:+447700900456")
    assert [one.sid for one in twilio.messages.list()] == [other.sid, second.sid, first.sid]
    assert [one.sid for one in twilio.messages.list(to=ANA, page_size=1)] == [second.sid, first.sid]
    assert twilio.messages.list(from_="whatsapp:+1999999999") == []
    now = datetime.now(UTC)
    assert len(twilio.messages.list(to=ANA, date_sent_after=now - timedelta(minutes=5))) == 2
    assert twilio.messages.list(to=ANA, date_sent_after=now + timedelta(minutes=5)) == []


def test_an_unknown_message_is_missing(twilio):
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages("SM" + "0" * 32).fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


def test_wrong_credentials_are_refused(sandbox):
    stranger = Client("SK_not_an_account", "x", ACCOUNT, http_client=Rerouted(sandbox.url))
    with pytest.raises(TwilioRestException) as refusal:
        send(stranger)
    assert (refusal.value.status, refusal.value.code) == (401, 20003)
