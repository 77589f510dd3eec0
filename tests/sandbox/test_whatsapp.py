import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from sandbox.environment import CONTENT_SIDS, MESSAGE_KINDS
from sandbox.state import Sandbox, Targets
from sandbox.twilio import sending, templates, whatsapp
from tests.sandbox.conftest import ACCOUNT, TEMPLATE, TOKEN, Rerouted, eventually

ANA = "whatsapp:+447700900123"
STUDIO = "whatsapp:+14155238886"
PAID = CONTENT_SIDS["booking_paid"]


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


def test_a_known_template_reads_as_on_the_phone(sandbox, twilio):
    variables = json.dumps({"1": "Ana {{2}}", "2": "Yoga & \\1", "3": "Mon, 07:00", "4": "7Q2M9XKD"})
    message = send(twilio, content_sid=PAID, content_variables=variables)
    said = "Hello Ana {{2}}, your place in *Yoga & \\1* is booked: Mon, 07:00. Your reference is *7Q2M9XKD*."
    assert message.body == said == sandbox.get("messages")["messages"][0]["body"]


def test_a_variable_that_is_left_out_reads_as_the_templates_sample(twilio):
    message = send(twilio, content_sid=CONTENT_SIDS["pack_paid"], content_variables='{"1": "Ben"}')
    assert message.body == "Hello Ben, you have 10 new credits. They are good until 1 March."


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
def test_every_kind_of_message_has_a_template_whose_places_are_all_filled(kind):
    template = templates.BY_KIND[kind]
    given = {str(number): f"<{number}>" for number in range(1, len(template.samples) + 1)}
    said = template.rendered(given)
    assert [value for value in given.values() if said.count(value) != 1] == []
    assert "{{" not in said + template.rendered({})


def test_a_message_has_the_fields_the_sdk_declares(sandbox, twilio):
    sent = send(twilio, content_sid=PAID)
    service = send(twilio, from_=None, messaging_service_sid="MG" + "0" * 32)
    written = sandbox.post("messages/inbound", {"from": ANA, "body": "Hello"}).json()
    wanted = {"from" if name == "from_" else name for name in vars(sent) if not name.startswith("_")}
    for sid in (sent.sid, service.sid, written["sid"]):
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json"
        thing = sandbox.raw("GET", path, auth=(ACCOUNT, TOKEN)).json()
        assert set(thing) == wanted
        assert all(isinstance(thing[name], str) for name in ("num_media", "num_segments", "date_created", "to"))
        assert thing["status"] in declared(MessageInstance.Status)
        assert thing["direction"] in declared(MessageInstance.Direction)


def declared(kind):
    return {value for name, value in vars(kind).items() if name.isupper()}


def test_a_messaging_service_accepts_first_and_chooses_the_sender_later(twilio):
    message = send(twilio, from_=None, messaging_service_sid="MG" + "0" * 32)
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    eventually(lambda: twilio.messages(message.sid).fetch().status == "read")
    after = twilio.messages(message.sid).fetch()
    assert (after.from_, after.num_segments) == (STUDIO, "1")


def test_only_the_senders_that_are_named_may_send(sandbox, twilio):
    sandbox.post("configure", {"twilio_from": "+447700900999"})
    with pytest.raises(TwilioRestException) as refusal:
        send(twilio)
    assert refusal.value.code == 63007
    assert send(twilio, from_="whatsapp:+447700900999").status == "queued"


def test_more_than_the_rate_is_refused(sandbox, twilio):
    assert sandbox.post("configure", {"twilio_rate": 0}).status_code == 400
    sandbox.post("configure", {"twilio_rate": 2})
    codes = []
    for _ in range(6):
        try:
            codes.append(send(twilio).status)
        except TwilioRestException as refusal:
            codes.append((refusal.status, refusal.code))
    assert codes[:2] == ["queued", "queued"]
    assert (429, 20429) in codes[2:]
    assert eventually(lambda: accepted(twilio))


def accepted(twilio):
    try:
        return send(twilio).sid
    except TwilioRestException:
        return None


def test_some_numbers_never_come_to_the_end(twilio, receiver):
    url = f"{receiver.url}/status/"
    stuck = send(twilio, to="whatsapp:+15005550010", status_callback=url)
    unread = send(twilio, to="whatsapp:+15005550011", status_callback=url)
    silent = send(twilio, to="whatsapp:+15005550012", status_callback=url)
    eventually(lambda: twilio.messages(silent.sid).fetch().status == "read")
    eventually(lambda: len(receiver.received) == 3)
    heard = {(one["MessageSid"], one["MessageStatus"]) for one in told(receiver)}
    assert heard == {(stuck.sid, "sent"), (unread.sid, "sent"), (unread.sid, "delivered")}


def test_the_oldest_messages_are_forgotten_once_there_are_too_many():
    state = Sandbox(Targets(messages_kept=20))
    form = {"To": ANA, "From": STUDIO}
    for number in range(100):
        message = whatsapp.message(
            form, sid=f"SM{number}", account=ACCOUNT, body="", direction="outbound-api", now=state.now()
        )
        sending.keep(state, message, content_sid=None, variables={})
    assert 20 <= len(state.messages) <= 23
    assert all(message["sid"] in state.templates for message in state.messages.newest_first())
    assert len(state.templates) <= 24


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
        assert (form["ChannelPrefix"], form["ChannelToAddress"]) == ("whatsapp", "+447700900123")
    after = twilio.messages(message.sid).fetch()
    assert after.status == "read"
    assert after.date_sent is not None


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"content_sid": None, "content_variables": None, "body": "Hello"}, "failed", 63016),
        ({"to": "whatsapp:+15005550063"}, "undelivered", 63024),
        ({"to": "whatsapp:+15005553003"}, "undelivered", 63003),
        ({"to": "whatsapp:+15005553015"}, "failed", 63015),
        ({"to": "whatsapp:+15005553016"}, "failed", 63016),
        ({"to": "whatsapp:+15005553017"}, "failed", 63017),
        ({"to": "whatsapp:+15005553018"}, "failed", 63018),
        ({"content_sid": PAID, "content_variables": '{"1": "Ana", "5": "what?"}'}, "failed", 63028),
        ({"content_sid": PAID, "content_variables": json.dumps({"1": "A" * 1100})}, "failed", 63021),
    ],
    ids=lambda value: str(value)[:60],
)
def test_some_messages_are_accepted_and_fail_later(twilio, receiver, given, status, code):
    message = send(twilio, status_callback=f"{receiver.url}/status/", **given)
    assert message.status == "queued"
    eventually(lambda: receiver.received)
    assert (told(receiver)[0]["MessageStatus"], told(receiver)[0]["ErrorCode"]) == (status, str(code))
    after = twilio.messages(message.sid).fetch()
    assert (after.error_code, bool(after.error_message)) == (code, True)


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"to": "+447700900123"}, 400, 21910),
        ({"to": "+447700900123", "from_": "+14155238886"}, 400, 21211),
        ({"to": STUDIO}, 400, 21211),
        ({"to": "whatsapp:447700900123"}, 400, 21211),
        ({"to": "whatsapp:+15005550001"}, 400, 21211),
        ({"to": "whatsapp:+15005550009"}, 400, 21610),
        ({"to": "whatsapp:+15005550429"}, 429, 20429),
        ({"to": "whatsapp:+15005550500"}, 500, 20500),
        ({"from_": None}, 400, 21603),
        ({"from_": "+14155238886"}, 400, 21910),
        ({"from_": "whatsapp:14155238886"}, 400, 63007),
        ({"from_": "whatsapp:+15005550007"}, 400, 63007),
        ({"to": "whatsapp:+15005551610"}, 400, 21610),
        ({"content_sid": None}, 400, 21602),
        ({"content_sid": None, "body": "x" * 1601}, 400, 21617),
        ({"content_sid": "HX1"}, 400, 21655),
        ({"content_variables": "not JSON"}, 400, 21656),
        ({"content_variables": "[]"}, 400, 21656),
        ({"content_variables": '{"1": ""}'}, 400, 21656),
        ({"content_variables": '{"1": 5}'}, 400, 21656),
        ({"content_variables": '{"1": "two\\nlines"}'}, 400, 21656),
        ({"content_variables": '{"1": "far     apart"}'}, 400, 21656),
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
