import pytest

from payments.models import CreditPack
from tests.cast import Sandbox
from tests.payments.counter import pack


@pytest.fixture
def five(sandbox: Sandbox) -> CreditPack:
    return pack()
