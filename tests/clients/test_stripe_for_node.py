"""Stripe's client for Node drives the sandbox: what it makes of the answers is what a frontend's server would see."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node import installed
from tests.contract import objects
from tests.sandbox.conftest import SECRETS, Receiver, Running, eventually

SCRIPT = Path(__file__).parent / "stories.mjs"
Told = Callable[..., Any]


@pytest.fixture(scope="session")
def node() -> str:
    """The Node that runs the stories, with the client installed."""
    installed()
    return str(shutil.which("node"))


@pytest.fixture
def told(node: str, sandbox: Running) -> Told:
    """Tells a story and answers its outcome; whatever objects are in it have the shape the SDK declares."""

    def tell(story: str, given: Any = None) -> Any:
        command = [node, str(SCRIPT), story, sandbox.url]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout)
        assert objects.of_answer(outcome) == []
        return outcome

    return tell


def test_it_creates_an_intent(told: Told, sandbox: Running) -> None:
    intent = told("create")
    assert (intent["status"], intent["amount"], intent["metadata"]) == (
        "requires_payment_method",
        1500,
        {"booking": "7"},
    )
    assert sandbox.raw("GET", f"/v1/payment_intents/{intent['id']}").json() == intent


def test_it_is_answered_once_under_a_key(told: Told, sandbox: Running) -> None:
    outcome = told("replay")
    assert outcome["first"] == outcome["again"]
    assert outcome["replayed"] == [None, "true"]
    assert (outcome["other"]["type"], outcome["other"]["statusCode"]) == ("StripeIdempotencyError", 400)
    assert len(sandbox.raw("GET", "/v1/payment_intents").json()["data"]) == 1


def test_it_is_declined_and_tries_the_same_intent_again(told: Told) -> None:
    outcome = told("decline_and_retry")
    assert outcome["declined"] == {
        "type": "StripeCardError",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "statusCode": 402,
        "intent": outcome["intent"],
        "status": "requires_payment_method",
    }
    assert outcome["between"] == "requires_payment_method"
    assert (outcome["paid"]["id"], outcome["paid"]["status"]) == (outcome["intent"], "succeeded")


def test_it_cannot_cancel_what_is_paid(told: Told) -> None:
    outcome = told("cancel_conflict")
    refused = outcome["refused"]
    assert (refused["type"], refused["code"]) == ("StripeInvalidRequestError", "payment_intent_unexpected_state")
    assert (refused["intent"], refused["status"]) == (outcome["intent"], "succeeded")


def test_it_refunds_in_parts_until_nothing_is_left(told: Told) -> None:
    outcome = told("refund")
    assert [outcome[name]["amount"] for name in ("part", "rest")] == [500, 1000]
    assert outcome["nothing_left"]["code"] == "charge_already_refunded"
    assert outcome["after"]["status"] == "succeeded"
    assert outcome["after"]["latest_charge"]["amount_refunded"] == 1500


def test_it_pages_through_events_by_itself(told: Told) -> None:
    outcome = told("pages")
    assert outcome["seen"] == outcome["made"][::-1]


def test_it_accepts_the_signature_of_a_delivered_event(told: Told, receiver: Receiver) -> None:
    made = told("create")
    eventually(receiver.events)
    _, headers, body = receiver.received[0]
    for secret in SECRETS:
        outcome = told("webhook", {"body": body, "header": headers["Stripe-Signature"], "secret": secret})
        assert outcome["event"]["type"] == "payment_intent.created"
        assert outcome["event"]["data"]["object"]["id"] == made["id"]
        assert outcome["refused"]["type"] == "StripeSignatureVerificationError"
