from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
import stripe
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.chromium import page  # noqa: F401 - a fixture of this folder

stripe.enable_telemetry = False

ROOT = Path(__file__).resolve().parents[2]
API_VERSION = "2026-10-28.endive"
SECRETS = ["whsec_first", "whsec_second"]
ACCOUNT = "AC" + "0" * 32
TOKEN = "twilio_token_of_the_tests"
TEMPLATE = "HX" + "1" * 32


def eventually(look: Callable[[], Any], *, within: float = 5.0) -> Any:
    """The first truthy answer of `look` before the deadline; fails after it."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.005)
    raise AssertionError("it did not happen in time")


class Receiver:
    """A local HTTP server that writes down what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], str]] = []
        self.answers: list[int] = []
        self.says = ("text/plain", b"")
        self.held = threading.Event()
        self.held.set()
        self.hold_first_of: str | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.received.append((self.path, dict(self.headers), body))
                if receiver.hold_first_of and receiver.hold_first_of in body:
                    receiver.held.wait(10)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Type", receiver.says[0])
                self.send_header("Content-Length", str(len(receiver.says[1])))
                self.end_headers()
                self.wfile.write(receiver.says[1])

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        events = [json.loads(body) for path, _, body in list(self.received) if path == "/webhook/"]
        return [event for event in events if kind in (None, event["type"])]


class Running:
    """A sandbox in a process of its own, and its control routes."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, body: Any = None) -> requests.Response:
        return requests.post(f"{self.url}/_sandbox/{path}", json=body or {}, timeout=10)

    def get(self, path: str) -> Any:
        return requests.get(f"{self.url}/_sandbox/{path}", timeout=10).json()

    def fault(self, fault: str, **script: Any) -> None:
        assert self.post("faults", {"fault": fault, **script}).status_code == 201

    def journal(self) -> list[dict[str, Any]]:
        return self.get("requests")["requests"]

    def stripe(self, key: str = "sk_test_ana", *, retries: int = 0, read: float = 8) -> stripe.StripeClient:
        return stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            base_addresses={"api": self.url},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=(3, read)),
        )

    def raw(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("auth", ("sk_test_ana", ""))
        return requests.request(method, self.url + path, timeout=10, **options)


class Rerouted(TwilioHttpClient):
    """Twilio's own client, its requests sent to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=8)
        self._base = urlsplit(url)

    def request(self, method: str, url: str, *rest: Any, **options: Any) -> Any:
        elsewhere = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        return super().request(method, elsewhere, *rest, **options)


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A sandbox process and its address, until the block ends."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("sandbox ready on http://127.0.0.1:"), line
            yield process, line.split()[-1]
        finally:
            process.terminate()
            process.wait(5)


@pytest.fixture(autouse=True)
def database() -> None:
    """Nothing here touches the program's database."""


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with serving("--retry-scale", "0.05") as (_, url):
        yield Running(url)


@pytest.fixture
def sandbox(running: Running) -> Running:
    running.post("reset")
    running.post("configure", {"webhook_url": None, "webhook_secrets": SECRETS, "twilio_callbacks": True})
    running.post("configure", {"inbound_url": None, "twilio_from": None, "twilio_rate": None})
    return running


@pytest.fixture
def receiver(sandbox: Running) -> Iterator[Receiver]:
    receiver = Receiver()
    sandbox.post("configure", {"webhook_url": f"{receiver.url}/webhook/"})
    yield receiver
    sandbox.post("reset")
    sandbox.post("configure", {"webhook_url": None})
    receiver.close()


@pytest.fixture
def client(sandbox: Running) -> stripe.StripeClient:
    return sandbox.stripe()


@pytest.fixture
def twilio(sandbox: Running) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=Rerouted(sandbox.url))


@pytest.fixture
def intent(client: stripe.StripeClient) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": 1500,
            "currency": "gbp",
            "allowed_payment_method_types": ["card"],
            "metadata": {"booking_id": "7"},
        }
    )
