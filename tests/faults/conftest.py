from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.cast import Sandbox
from tests.faults import tally
from tests.faults.gate import Gate
from tests.faults.house import House
from tests.faults.proxy import Proxies
from tests.races.server import database_url

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if connection.vendor != "postgresql":
        reason = pytest.mark.skip(reason="the proxy speaks PostgreSQL's protocol; SQLite has no connection to cut")
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(reason)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    tally.tell(terminalreporter)


@pytest.fixture(scope="session")
def proxies(django_db_setup: None, sandbox_process: str) -> Iterator[Proxies]:
    proxies = Proxies(database=database_url(), web=sandbox_process, gate=Gate())
    proxies.start()
    yield proxies
    proxies.stop()


@pytest.fixture(scope="session")
def house_process(proxies: Proxies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from opened(proxies, tmp_path_factory.mktemp("house"))


def opened(proxies: Proxies, folder: Path, **settings: Any) -> Iterator[House]:
    """A house behind the proxies, closed afterwards."""
    house = House(database=proxies.database_url, web=proxies.web_url, folder=folder, **settings)
    try:
        house.wait_until_ready()
        yield house
    finally:
        house.close()


@pytest.fixture(scope="session")
def unguarded_process(proxies: Proxies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from opened(proxies, tmp_path_factory.mktemp("unguarded"), served="tests.faults.unguarded")


@pytest.fixture
def unguarded(unguarded_process: House, sandbox: Sandbox) -> House:
    """The program without its guards; see `unguarded.py`."""
    return unguarded_process


@pytest.fixture(scope="session")
def laneless_process(proxies: Proxies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from opened(proxies, tmp_path_factory.mktemp("laneless"), served="tests.faults.laneless")


@pytest.fixture
def laneless(laneless_process: House, sandbox: Sandbox) -> House:
    """The program with nothing left to do after an answer; see `laneless.py`."""
    return laneless_process


@pytest.fixture
def house(house_process: House, sandbox: Sandbox) -> House:
    """The program, over an empty database and an empty Stripe."""
    return house_process


@pytest.fixture
def gate(proxies: Proxies) -> Iterator[Gate]:
    yield proxies.gate
    proxies.gate.set(None)
    proxies.gate.release()
