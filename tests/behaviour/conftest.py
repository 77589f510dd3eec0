import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.behaviour.api import REAL, Api
from tests.sandbox.conftest import SECRETS, Receiver, Running, serving

KEY = "STRIPE_TEST_MODE_KEY"  # set by `make test-live`; a STRIPE_SECRET_KEY of the surroundings is never used
PUBLISHABLE = "STRIPE_TEST_MODE_PUBLISHABLE_KEY"
ALLOWED = ("sk_test_", "rk_test_")


def pytest_configure(config: pytest.Config) -> None:
    key = os.environ.get(KEY)
    if key is not None and not key.startswith(ALLOWED):
        raise pytest.UsageError(f"{KEY} must be a key of Stripe's test mode (sk_test_… or rk_test_…)")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """In real test mode, skip what needs the sandbox's hand."""
    marked = item.get_closest_marker("sandbox_only")
    if marked and KEY in os.environ:
        pytest.skip(f"sandbox only: {marked.args[0]}")


@pytest.fixture(autouse=True)
def database() -> None:
    """Nothing here touches the program or its database."""


@pytest.fixture(autouse=True)
def documented() -> None:
    """Takes the address of the rule, which `rule` puts into the test's id."""


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[Running]:
    with serving("--retry-scale", "0.05") as (_, url):
        yield Running(url)


@pytest.fixture
def hand(one_sandbox: Running) -> Running:
    """The hand on a fresh sandbox: payer, bank, network, clock."""
    one_sandbox.post("reset")
    one_sandbox.post("configure", {"webhook_url": None, "webhook_secrets": SECRETS})
    return one_sandbox


@pytest.fixture
def receiver(hand: Running) -> Iterator[Receiver]:
    receiver = Receiver()
    hand.post("configure", {"webhook_url": f"{receiver.url}/webhook/"})
    yield receiver
    hand.post("reset")
    hand.post("configure", {"webhook_url": None})
    receiver.close()


@pytest.fixture(scope="session")
def real_api() -> Api:
    """One caller a run, so that the pace is kept across tests."""
    return Api(REAL, os.environ[KEY], os.environ.get(PUBLISHABLE), between=0.06)


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Api:
    """Stripe: the sandbox, or real test mode under `make test-live`."""
    if KEY in os.environ:
        return request.getfixturevalue("real_api")
    hand: Any = request.getfixturevalue("hand")
    return Api(hand.url, "sk_test_behaviour", "pk_test_behaviour")
