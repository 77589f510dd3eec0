import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.run import Chaos, chaos


@pytest.fixture(autouse=True)
def database() -> None:
    """Every storm has a database of its own."""


@pytest.fixture(scope="session")
def storms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    folder: Path = tmp_path_factory.mktemp("chaos")
    with chaos(folder) as running:
        yield running
    asyncio.set_event_loop(None)
