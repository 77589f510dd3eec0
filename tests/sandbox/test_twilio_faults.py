"""What can go wrong with a request to Twilio."""

import time

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.sandbox.conftest import TEMPLATE

MESSAGE = {
    "to": "whatsapp:+447700900123",
    "from_": "whatsapp:+14155238886",
    "content_sid": TEMPLATE,
    "content_variables": "{}",
}


@pytest.mark.parametrize("kind", ["latency", "hang_before", "hang_after"])
def test_twilio_can_be_slow(sandbox, twilio, kind):
    sandbox.fault(kind, seconds=0.2, path="Messages.json$")
    begun = time.monotonic()
    twilio.messages.create(**MESSAGE)
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(("kind", "made"), [("reset_before", 0), ("reset_after", 1), ("truncated", 1), ("garbage", 1)])
def test_twilios_answer_can_be_lost(sandbox, twilio, kind, made):
    sandbox.fault(kind, path="Messages.json$")
    with pytest.raises((requests.RequestException, ValueError)):
        twilio.messages.create(**MESSAGE)
    assert len(sandbox.get("messages")["messages"]) == made


@pytest.mark.parametrize("kind", ["paid_first", "event_first", "amount_changed"])
def test_what_only_stripe_knows_is_not_wasted_on_twilio(sandbox, twilio, kind):
    sandbox.fault(kind, path="", method="POST")
    twilio.messages.create(**MESSAGE)
    assert sandbox.get("faults")["faults"][0]["times"] == 1


@pytest.mark.parametrize(("fault", "made"), [("status_before", 0), ("status_after", 1)])
def test_twilio_faults_are_in_twilios_shape(sandbox, twilio, fault, made):
    sandbox.fault(fault, status=429, path="Messages.json$")
    with pytest.raises(TwilioRestException) as refusal:
        twilio.messages.create(**MESSAGE)
    assert (refusal.value.status, refusal.value.code) == (429, 20429)
    assert len(sandbox.get("messages")["messages"]) == made
