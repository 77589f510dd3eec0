from collections.abc import Iterator

import pytest

from payments.models import CreditPack
from tests.cast import Sandbox
from tests.payments.counter import broken_laws, pack


@pytest.fixture
def laws() -> Iterator[None]:
    """After the test every law holds."""
    yield
    assert broken_laws() == {}


@pytest.fixture
def five(sandbox: Sandbox) -> CreditPack:
    return pack()
