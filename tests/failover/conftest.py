import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.failover.pair import Pair
from tests.faults.durable import Durable, durable

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if connection.vendor != "postgresql":
        reason = pytest.mark.skip(reason="a standby is PostgreSQL's; SQLite is one file on one machine")
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(reason)


@pytest.fixture(scope="session")
def furnished() -> Iterator[tuple[Durable, str]]:
    """A studio, stopped once its tables are filled, to be copied; and who is in it."""
    with durable() as server:
        people = server.furnish()
        server.stop()
        yield server, people


@pytest.fixture
def pair(furnished: tuple[Durable, str]) -> Iterator[Pair]:
    """A primary and its synchronous standby, over that studio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, the servers run as a user of their own
        pair = Pair(furnished[0], folder)
        try:
            yield pair
        finally:
            pair.stop()
