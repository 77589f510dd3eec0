"""The fixtures of Stripe's own command line run against the sandbox: plain API calls that Stripe has written."""

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.clients.node import installed
from tests.contract import objects
from tests.sandbox.conftest import Running

# What each fixture leaves behind; `charge.dispute.created` pays with the card whose payments are disputed.
TRIGGERS = {
    "payment_intent.created": ["payment_intent.created"],
    "payment_intent.succeeded": ["payment_intent.created", "payment_intent.succeeded", "charge.succeeded"],
    "payment_intent.payment_failed": ["payment_intent.created", "payment_intent.payment_failed", "charge.failed"],
    "payment_intent.canceled": ["payment_intent.created", "payment_intent.canceled"],
    "payment_intent.requires_action": ["payment_intent.created", "payment_intent.requires_action"],
    "charge.succeeded": ["charge.succeeded"],
    "charge.refunded": ["charge.succeeded", "charge.refunded"],
    "customer.created": ["customer.created"],
    "charge.dispute.created": ["charge.succeeded", "charge.dispute.created"],
}


@pytest.fixture(scope="session")
def command() -> Path:
    """The binary, installed by npm."""
    return installed() / ".bin" / "stripe"


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """A home of its own, nothing told to Stripe, and no way out but this machine."""
    nowhere = "http://127.0.0.1:9"  # the discard port: nobody listens
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "DO_NOT_TRACK": "1",
        "STRIPE_NO_AUTO_UPDATE": "1",
        "STRIPE_CLI_NO_PLUGIN_AUTO_INSTALL": "1",
        "HTTPS_PROXY": nowhere,
        "HTTP_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
    }


@pytest.mark.parametrize("kind", TRIGGERS)
def test_a_fixture_passes(command: Path, surroundings: dict[str, str], sandbox: Running, kind: str) -> None:
    port = urlsplit(sandbox.url).port
    asked = [command, "trigger", kind, "--api-base", f"http://127.0.0.1:{port}", "--api-key", "sk_test_commandline"]
    done = subprocess.run(asked, env=surroundings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Trigger succeeded" in done.stdout + done.stderr
    events = sandbox.raw("GET", "/v1/events", params={"limit": 100}).json()
    assert set(TRIGGERS[kind]) <= {event["type"] for event in events["data"]}
    assert objects.of_answer(events) == []
    declined = {402} if kind == "payment_intent.payment_failed" else set()
    assert {entry["status"] for entry in sandbox.journal()} == {200} | declined
