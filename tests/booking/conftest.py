import pytest

from tests.booking.corruptions import Scene
from tests.cast import Caller, Sandbox


@pytest.fixture
def scene(as_ana: Caller, sandbox: Sandbox) -> Scene:
    return Scene(as_ana, sandbox)
