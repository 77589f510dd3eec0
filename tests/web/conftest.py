"""The frontend in a real browser, before the real server and the sandbox."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.cast import Sandbox
from tests.races.server import Server
from tests.web.visitor import Visit, Visitor

Servers = Callable[..., Server]


@pytest.fixture(autouse=True)
def cheap_passwords() -> None:
    """None here: members sign in at the server, which knows the real hasher alone."""


@pytest.fixture(scope="session")
def servers(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Servers]:
    """The server over the tests' database, as `make run` serves the demo; another for each set of settings."""
    running: dict[frozenset[tuple[str, str]], Server] = {}

    def serving(**settings: str) -> Server:
        wanted = frozenset(settings.items())
        if wanted not in running:
            log = tmp_path_factory.mktemp("site") / "log"
            running[wanted] = Server("config.wsgi", sandbox=sandbox_process, log=log, processes=1, **settings)
            running[wanted].wait_until_ready()
        return running[wanted]

    yield serving
    for server in running.values():
        server.stop()


@pytest.fixture
def site(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """The server, told of payments by the sandbox; by the end of a test nothing has failed in it."""
    yield from told(servers(), sandbox)


@pytest.fixture
def patient(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """The same under the other policy: after a decline another card may be tried."""
    yield from told(servers(PAYMENT_FAILED_POLICY="hold"), sandbox)


@pytest.fixture
def cardless(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """A studio that has no keys of Stripe's."""
    none = ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_JS_URL")
    yield from told(servers(**dict.fromkeys(none, "")), sandbox)


@pytest.fixture
def earnest(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """A studio whose page loads Stripe's own Stripe.js."""
    yield from told(servers(STRIPE_JS_URL=""), sandbox)


@pytest.fixture
def strict(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """A studio that keeps half and two pounds in the last two days."""
    yield from told(servers(CANCELLATION_TIERS="72:100,24:50:200"), sandbox)


@pytest.fixture
def back_office(servers: Servers, sandbox: Sandbox) -> Iterator[Server]:
    """The same with the admin's own style sheets, which production collects beforehand."""
    yield from told(servers(DEBUG="on"), sandbox)


def told(server: Server, sandbox: Sandbox) -> Iterator[Server]:
    """Until the test is over the sandbox tells this server of its payments."""
    sandbox.control("POST", "configure", webhook_url=f"{server.base}/api/booking/stripe/webhook/")
    yield server
    _until_quiet(sandbox)
    sandbox.control("POST", "configure", webhook_url=None)
    server.wait_until_calm()
    assert "Traceback" not in (logged := server.logged()), logged


def _until_quiet(sandbox: Sandbox) -> None:
    """Until all news of payments have arrived: after that the tables can be emptied."""
    deadline = time.monotonic() + 10
    while any(one["state"] == "waiting" for one in sandbox.control("GET", "deliveries")["deliveries"]):
        assert time.monotonic() < deadline, "news of payments did not arrive"
        time.sleep(0.02)


@pytest.fixture
def visit(site: Server, browser: Browser) -> Iterator[Visit]:
    """Opens the site as somebody, in a browser of their own; what a browser complains of fails the test."""
    visitors: list[Visitor] = []

    def opened(member: Any = None, path: str = "", *, at: Server = site, **context: Any) -> Visitor:
        visitors.append(Visitor(browser, at.base, member, **context))
        return visitors[-1].goes(path)

    yield opened
    for visitor in visitors:
        visitor.leaves()
