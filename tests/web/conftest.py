"""The frontend in a real browser, before the real server and the sandbox."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.cast import Sandbox
from tests.races.server import Server
from tests.web.visitor import Visit, Visitor


@pytest.fixture(autouse=True)
def cheap_passwords() -> None:
    """None here: members sign in at the server, which knows the real hasher alone."""


@pytest.fixture(scope="session")
def site_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """The server over the tests' database, as `make run` serves the demo."""
    yield from _serving(sandbox_process, tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(site_process: Server, sandbox: Sandbox) -> Iterator[Server]:
    """The server, told of payments by the sandbox; by the end of a test nothing has failed in it."""
    yield from _told(site_process, sandbox)


@pytest.fixture(scope="session")
def patient_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """The same under the other policy: after a decline another card may be tried."""
    yield from _serving(sandbox_process, tmp_path_factory.mktemp("patient"), PAYMENT_FAILED_POLICY="hold")


@pytest.fixture
def patient(patient_process: Server, sandbox: Sandbox) -> Iterator[Server]:
    yield from _told(patient_process, sandbox)


@pytest.fixture(scope="session")
def cardless_process(django_db_setup: None, sandbox_process: str, tmp_path_factory: Any) -> Iterator[Server]:
    """A studio that has no keys of Stripe's."""
    none = dict.fromkeys(("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_JS_URL"), "")
    yield from _serving(sandbox_process, tmp_path_factory.mktemp("cardless"), **none)


@pytest.fixture
def cardless(cardless_process: Server, sandbox: Sandbox) -> Iterator[Server]:
    yield from _told(cardless_process, sandbox)


def _serving(sandbox: str, folder: Any, **more: str) -> Iterator[Server]:
    server = Server("config.wsgi", sandbox=sandbox, log=folder / "log", processes=1, **more)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


def _told(server: Server, sandbox: Sandbox) -> Iterator[Server]:
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
