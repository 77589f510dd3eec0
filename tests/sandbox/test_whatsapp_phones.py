"""A phone writes to the program: what is posted, what it opens, what it ends."""

import subprocess
import sys
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from sandbox.environment import TWILIO_SID, TWILIO_TOKEN
from tests.sandbox.conftest import ACCOUNT, ROOT, TOKEN, Running, eventually, serving
from tests.sandbox.test_whatsapp import ANA, STUDIO, send, told

DAY = 24 * 3600


@pytest.fixture
def inbound(sandbox, receiver):
    url = f"{receiver.url}/inbound/?from=whatsapp"
    sandbox.post("configure", {"inbound_url": url, "webhook_url": None})
    return url


def write(sandbox, body="YES", **given):
    answer = sandbox.post("messages/inbound", {"from": "+447700900123", "body": body} | given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def say(twilio, **given):
    return send(twilio, content_sid=None, content_variables=None, body="See you!", **given)


def ends(twilio, message):
    after = eventually(lambda: (now := twilio.messages(message.sid).fetch()).status in ("failed", "read") and now)
    return after.status, after.error_code


# The names: https://www.twilio.com/docs/messaging/guides/webhook-request
def test_what_twilio_posts_is_posted(sandbox, twilio, receiver, inbound):
    send(twilio)
    answer = write(sandbox, "Yes, I am in", profile_name="Ana Ruiz")
    assert (answer["taken"], answer["status"], answer["error"], answer["reply"]) == (True, 200, None, None)
    path, headers, body = receiver.received[0]
    form = dict(parse_qsl(body, keep_blank_values=True))
    assert path == "/inbound/?from=whatsapp"
    assert headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert RequestValidator(TOKEN).validate(inbound, form, headers["X-Twilio-Signature"])
    assert form == {
        "SmsMessageSid": answer["sid"], "NumMedia": "0", "ProfileName": "Ana Ruiz", "SmsSid": answer["sid"],
        "WaId": "447700900123", "SmsStatus": "received", "Body": "Yes, I am in", "To": STUDIO, "NumSegments": "1",
        "ReferralNumMedia": "0", "MessageSid": answer["sid"], "AccountSid": ACCOUNT, "From": ANA,
        "ApiVersion": "2010-04-01",
    }  # fmt: skip


def test_it_stands_in_both_lists(sandbox, twilio, receiver, inbound):
    send(twilio)
    answer = write(sandbox, to="+447700900999")
    there = twilio.messages.list(from_=ANA)[0]
    assert (there.sid, there.direction, there.status, there.body) == (answer["sid"], "inbound", "received", "YES")
    assert (there.from_, there.to, there.date_sent is None) == (ANA, "whatsapp:+447700900999", False)
    kept = sandbox.get("messages")["messages"][0]
    assert (kept["sid"], kept["direction"], kept["outcome"]["taken"]) == (answer["sid"], "inbound", True)


@pytest.mark.parametrize("status", [302, 403, 500])
def test_one_that_was_not_taken_says_so(sandbox, receiver, inbound, status):
    receiver.answers = [status]
    answer = write(sandbox)
    assert (answer["taken"], answer["status"]) == (False, status)
    assert answer["error"] == f"the receiver answered {status}"
    assert len(receiver.received) == 1
    assert sandbox.get("messages")["messages"][0]["outcome"]["status"] == status


def test_a_receiver_that_is_away_is_named(sandbox):
    sandbox.post("configure", {"inbound_url": "http://127.0.0.1:1/"})
    answer = write(sandbox)
    assert (answer["taken"], answer["status"]) == (False, None)
    assert "ClientConnectorError" in answer["error"]


def test_without_an_address_it_only_opens_the_window(sandbox, twilio):
    answer = write(sandbox)
    assert (answer["taken"], answer["status"]) == (False, None)
    assert "no inbound_url is configured" in answer["error"]
    assert ends(twilio, say(twilio)) == ("read", None)


def test_free_text_reaches_a_phone_for_a_day_after_it_wrote(sandbox, twilio):
    assert ends(twilio, say(twilio)) == ("failed", 63016)
    answer = write(sandbox)
    assert answer["window_ends"] == sandbox.get("clock")["now"] + DAY
    assert ends(twilio, say(twilio)) == ("read", None)
    assert ends(twilio, say(twilio, to="whatsapp:+447700900456")) == ("failed", 63016)
    sandbox.post("clock", {"advance": DAY - 60})
    assert ends(twilio, say(twilio)) == ("read", None)
    sandbox.post("clock", {"advance": 61})
    assert ends(twilio, say(twilio)) == ("failed", 63016)
    assert ends(twilio, send(twilio)) == ("read", None)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/xml", "<Response><Message>See you, Ana!</Message></Response>"),
        ("application/xml; charset=utf-8", "<Response><Message><Body> See you, Ana! </Body></Message></Response>"),
        ("text/plain", "See you, Ana!"),
    ],
    ids=["TwiML", "TwiML with a body", "plain text"],
)
def test_what_the_program_answers_reaches_the_phone(sandbox, twilio, receiver, inbound, kind, text):
    receiver.says = (kind, text.encode())
    answer = write(sandbox)
    assert (answer["taken"], answer["error"], answer["reply"]) == (True, None, "See you, Ana!")
    (sid,) = answer["replies"]
    reply = eventually(lambda: (now := sandbox.get("messages")["messages"][0])["status"] == "read" and now)
    assert (reply["sid"], reply["direction"], reply["body"]) == (sid, "outbound-reply", "See you, Ana!")
    assert (reply["from"], reply["to"]) == (STUDIO, ANA)


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("text/xml", "<Response><Message>", "12100"),
        ("text/xml", "<Answer><Message>Hello</Message></Answer>", "12100"),
        ("text/xml", '<!DOCTYPE x [<!ENTITY a "b">]><Response><Message>&a;</Message></Response>', "12100"),
        ("application/json", '{"message": "Hello"}', "12300"),
    ],
    ids=["cut off", "another word", "a document type", "JSON"],
)
def test_an_answer_that_is_no_twiml_is_named(sandbox, receiver, inbound, kind, text, error):
    receiver.says = (kind, text.encode())
    answer = write(sandbox)
    assert (answer["taken"], answer["reply"], answer["replies"]) == (True, None, [])
    assert answer["error"].startswith(error)
    assert len(sandbox.get("messages")["messages"]) == 1


def test_an_empty_answer_says_nothing(sandbox, receiver, inbound):
    receiver.says = ("text/xml", b"<Response/>")
    assert write(sandbox)["replies"] == []
    receiver.answers = [204]
    receiver.says = ("text/html", b"")
    answer = write(sandbox)
    assert (answer["taken"], answer["error"], answer["replies"]) == (True, None, [])


def test_the_same_message_comes_again(sandbox, twilio, receiver, inbound):
    send(twilio)
    first = write(sandbox)
    again = sandbox.post("messages/inbound", {"sid": first["sid"]}).json()
    assert (again["sid"], again["as"], again["taken"]) == (first["sid"], "replayed", True)
    (_, headers, body), (_, headers_again, body_again) = receiver.received
    assert body == body_again
    assert headers["X-Twilio-Signature"] == headers_again["X-Twilio-Signature"]
    assert len(twilio.messages.list(from_=ANA)) == 1


def test_a_forged_one_is_signed_by_somebody_else_and_opens_nothing(sandbox, twilio, receiver, inbound):
    send(twilio)
    receiver.answers = [403]
    answer = write(sandbox, "STOP", **{"as": "forged"})
    assert (answer["taken"], answer["status"], answer["window_ends"], answer["stopped"]) == (False, 403, None, False)
    _, headers, body = receiver.received[0]
    assert not RequestValidator(TOKEN).validate(inbound, dict(parse_qsl(body)), headers["X-Twilio-Signature"])
    assert twilio.messages.list(from_=ANA) == []
    assert ends(twilio, say(twilio)) == ("failed", 63016)


@pytest.mark.parametrize("word", ["STOP", " stop ", "StopAll", "UNSUBSCRIBE", "cancel", "End", "QUIT"])
def test_a_phone_that_wrote_stop_gets_no_more(sandbox, twilio, receiver, inbound, word):
    assert write(sandbox, word)["stopped"] is True
    assert dict(parse_qsl(receiver.received[0][2]))["Body"] == word
    with pytest.raises(TwilioRestException) as refusal:
        send(twilio)
    assert (refusal.value.status, refusal.value.code) == (400, 21610)
    assert send(twilio, to="whatsapp:+447700900456").status == "queued"


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_until_it_writes_start(sandbox, twilio, word):
    write(sandbox, "STOP")
    assert write(sandbox, "please stop")["stopped"] is True
    assert write(sandbox, word)["stopped"] is False
    assert send(twilio).status == "queued"


def test_words_around_stop_stop_nothing(sandbox, twilio):
    assert write(sandbox, "STOP PLEASE")["stopped"] is False
    assert send(twilio).status == "queued"


def test_an_answer_to_stop_is_not_delivered(sandbox, receiver, inbound):
    receiver.says = ("text/plain", b"Good bye")
    answer = write(sandbox, "STOP")
    assert (answer["taken"], answer["reply"], answer["replies"]) == (True, "Good bye", [])
    assert answer["error"].startswith("21610")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"from": "+447700900123"},
        {"from": "447700900123", "body": "YES"},
        {"from": "+447700900123", "body": " "},
        {"from": "+447700900123", "body": "x" * 1601},
        {"from": "+447700900123", "body": "YES", "to": "studio"},
        {"from": "+447700900123", "body": "YES", "as": "somebody"},
        {"from": "+447700900123", "body": 5},
        {"from": "+447700900123", "body": "YES", "unknown": "x"},
        {"as": "replayed"},
        {"sid": "SM" + "0" * 32},
        {"sid": "SM" + "0" * 32, "as": "forged"},
    ],
    ids=lambda given: str(given)[:70],
)
def test_what_no_phone_could_write_is_refused(sandbox, receiver, inbound, given):
    refused = sandbox.post("messages/inbound", given)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert sandbox.get("messages")["messages"] == receiver.received == []


def test_an_outbound_message_cannot_be_replayed(sandbox, twilio, inbound):
    assert sandbox.post("messages/inbound", {"sid": send(twilio).sid}).status_code == 400


def test_saying_something_from_the_command_line(sandbox, receiver, inbound):
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "say", "+447700900123", "I am in", "--port", sandbox.url.rpartition(":")[2]],
        cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "taken=True  status=200" in ended.stdout
    assert told(receiver)[0]["Body"] == "I am in"


def test_serving_with_an_inbound_address(receiver):
    url = f"{receiver.url}/inbound/"
    with serving("--inbound-url", url, "--twilio-from", "+447700900999") as (_, address):
        write(Running(address), "Hello")
    form = told(receiver)[0]
    _, headers, _ = receiver.received[0]
    assert (form["To"], form["AccountSid"]) == ("whatsapp:+447700900999", TWILIO_SID)
    assert RequestValidator(TWILIO_TOKEN).validate(url, form, headers["X-Twilio-Signature"])
