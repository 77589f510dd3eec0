from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cast import Sandbox
from tests.operations.studio import Open


@pytest.fixture
def opened(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens a studio over the database of the moment: its server, and its commands; all are closed afterwards."""
    studios: list[Open] = []
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://studio.example.com")

    def open_() -> Open:
        studio = Open(sandbox, tmp_path / f"log-{len(studios)}")
        studios.append(studio)  # before it is waited for: one that does not come up is closed too
        studio.server.wait_until_ready()
        return studio

    yield open_
    for studio in studios:
        studio.close()
